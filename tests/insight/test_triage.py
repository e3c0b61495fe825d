"""What a run says about its failures, retries and duration."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch_all, finish, task
from workflows.insight.triage import triage_hint
from workflows.models import WorkflowRun
from workflows.operations.runs import abort
from workflows.operations.tasks import mark_success, retry
from workflows.runs.readiness import Cause

ADA = who("ada")


@pytest.fixture
def api(admin_client: Any) -> Any:
    """Return a client that may do everything."""
    return admin_client


def read(api: APIClient, run: WorkflowRun) -> dict[str, Any]:
    """Return a run as the API has it; the list says the same."""
    found: dict[str, Any] = api.get(f"/workflow-runs/{run.pk}").json()
    assert found in api.get("/workflow-runs").json()["results"]
    return found


def hints(api: APIClient, run: WorkflowRun) -> list[str]:
    return list(read(api, run)["failure_triage_hints"])


def test_each_root_cause_that_failed_has_a_hint(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b, c, d")
    assert hints(api, run) == []
    dispatch_all(run)
    finish(run, "a", "failed", exit_code=127, message="exit code 127")
    finish(run, "c", "success")
    finish(run, "d", "failed", exit_code=3, message="no such day")
    first = (
        "`a` failed: exit code 127. A command was not found: check its name, and PATH where it "
        "runs."
    )
    # d keeps nothing back: the others can be found by the list of failed tasks.
    assert hints(api, run) == [first, f"1 more failed: see /tasks?run_id={run.pk}&status=failed."]

    mark_success(task(run, "a").pk, by=ADA, reason="done by hand")

    log = f"/tasks/{task(run, 'd').pk}/log"
    assert hints(api, run) == [
        f"`d` failed: no such day (exit code 3). Read the end of its log: {log}."
    ]


def test_canceled_tasks_have_no_hint(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch_all(run)
    finish(run, "a", "canceled")
    assert (read(api, run)["status"], hints(api, run)) == ("failed", [])


def test_hints_of_an_aborted_run_say_that_it_is_over(api: APIClient, runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch_all(run)
    finish(run, "a", "failed", message="timed out after 3 s")
    abort(run.pk, by=ADA)
    hint = (
        "`a` failed: timed out after 3 s. Raise timeout_seconds of the step, or let it do less. "
        "The run is aborted: run it again once that is mended."
    )
    assert hints(api, run) == [hint]


@pytest.mark.parametrize(
    ("reason", "exit_code", "remedy"),
    [
        ("runner lost: nobody has reported", None, "Find out whether its work was done"),
        ("payload.command: unknown name 'x'", None, "Mend the step, then run the run again"),
        ("killed by SIGKILL", -9, "check whether memory ran out"),
        ("cannot start: there is no command 'x'", None, "Check the command"),
        ("", 1, "`a` failed: no reason was reported (exit code 1). Read the end of its log"),
    ],
)
def test_hint_says_what_helps(reason: str, exit_code: int | None, remedy: str) -> None:
    cause = Cause(7, "a", "a", "failed", reason, exit_code)
    assert remedy in triage_hint(cause, is_final=False)


def retries(api: APIClient, run: WorkflowRun) -> tuple[int, list[int]]:
    summary = read(api, run)["retry_summary"]
    return summary["total_retries"], summary["retried_task_ids"]


def test_retries_are_counted_when_they_are_asked_for(api: APIClient, runs: DrawRun) -> None:
    run = runs("a > b, c")
    a, c = task(run, "a").pk, task(run, "c").pk
    assert retries(api, run) == (0, [])
    dispatch_all(run)
    assert retries(api, run) == (0, [])
    for name in ("a", "c"):
        finish(run, name, "failed")
    retry(a, by=ADA)
    assert retries(api, run) == (1, [a])
    dispatch_all(run)
    assert retries(api, run) == (1, [a])
    finish(run, "a", "failed")
    retry(a, by=ADA)
    retry(c, by=ADA)
    assert retries(api, run) == (3, [a, c])


def test_refusals_by_a_runner_are_no_retries(api: APIClient, runs: DrawRun, script: Script) -> None:
    run = runs("a")
    script.refuse("scripted")
    dispatch_all(run)
    dispatch_all(run)
    script.accept("scripted")
    dispatch_all(run)
    assert task(run, "a").attempt_count > 1
    assert retries(api, run) == (0, [])


def test_duration_is_from_the_latest_start_to_the_end(
    api: APIClient, runs: DrawRun, local: Runner
) -> None:
    run = runs("a, b")
    dispatch_all(run)
    assert read(api, run)["duration_ms"] is None
    finish(run, "a")
    finish(run, "b", "failed")
    long_ago = timezone.now() - timedelta(hours=4)
    WorkflowRun.objects.filter(pk=run.pk).update(started_at=long_ago)
    assert read(api, run)["duration_ms"] >= timedelta(hours=3) / timedelta(milliseconds=1)

    retry(task(run, "b").pk, by=ADA)
    assert read(api, run)["duration_ms"] is None
    dispatch_all(run)
    finish(run, "b")

    assert 0 <= read(api, run)["duration_ms"] < timedelta(hours=1) / timedelta(milliseconds=1)


def test_a_large_list_counts_the_blocked_tasks_of_small_runs_only(
    api: APIClient, runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflows.runs.readiness.MOST_COUNTED", 5)
    small, large = runs("a > b, w"), runs("a > b > c > d > e, w")
    for run in (small, large):
        run.tasks.filter(step_id="w").update(is_held=True, unmet_count=1)
        dispatch_all(run)
        finish(run, "a", "failed")

    listed = {each["id"]: each for each in api.get("/workflow-runs").json()["results"]}
    alone = api.get(f"/workflow-runs/{large.pk}").json()

    blocked = [
        (listed[pk]["deadlock"]["blocked"], listed[pk]["deadlock"]["more_blocked"])
        for pk in (small.pk, large.pk)
    ]
    assert blocked == [(1, False), (1, True)]
    assert listed[large.pk]["sentence"].startswith("`a` failed")
    assert (alone["deadlock"]["blocked"], alone["deadlock"]["more_blocked"]) == (4, False)
