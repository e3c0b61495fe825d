"""Why tasks wait is explained down to their root causes."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from runners.models import Runner
from tests.factories import RunnerFactory
from tests.operations.test_approvals import gated
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch, dispatch_all, dispatch_some, finish, start, task
from workflows import operations
from workflows.errors import NotFound
from workflows.insight.explain import explain, explain_task, explain_tasks
from workflows.models import WorkflowRun
from workflows.operations.holds import hold
from workflows.runs.creation import create_task


def sentences(run: WorkflowRun) -> dict[str, str]:
    """Return the sentence about each blocked task."""
    return {entry["step_id"]: entry["sentence"] for entry in explain(run.pk)["blocked"]}


def causes(run: WorkflowRun) -> dict[str, list[str]]:
    """Return the root causes of each blocked task."""
    return {
        entry["step_id"]: [cause["step_id"] for cause in entry["root_causes"]]
        for entry in explain(run.pk)["blocked"]
    }


def test_failed_ancestor_is_named_with_its_own_reason(runs: DrawRun) -> None:
    run = runs("build > test > deploy, lint")
    dispatch_all(run)
    finish(run, "lint")
    finish(run, "build", "failed", exit_code=2, message="exit code 2")
    assert sentences(run) == {
        "test": "Cannot start: `build` failed (exit code 2).",
        "deploy": "Cannot start: `build` failed (exit code 2).",
    }
    answer = explain(run.pk)
    assert answer["sentence"] == (
        "`build` failed (exit code 2), and 2 tasks wait for it. "
        "Retry, mark success, or cancel the rest."
    )
    assert answer["deadlock"]["blocked"] == 2


def test_paused_run_dispatches_nothing_that_is_ready(runs: DrawRun) -> None:
    run = runs("a, b > c")
    operations.pause(run.pk, by=who("ada"))
    assert sentences(run) == {
        "a": "Ready, but the run is paused.",
        "b": "Ready, but the run is paused.",
        "c": "Waits for `b` (pending).",
    }
    assert (explain_task(task(run, "a")) or {})["reason"] == "the run is paused"


def test_only_the_nearest_cause_on_each_path_is_named(runs: DrawRun) -> None:
    run = runs("a > b > c > e, d > e")
    dispatch_all(run)
    finish(run, "a")
    operations.cancel(task(run, "c").pk, by=who("ada"), reason="not needed")
    finish(run, "d", "failed", message="exit code 1")
    dispatch_all(run)
    finish(run, "b", "failed")
    assert causes(run) == {"e": ["d", "c"]} or causes(run) == {"e": ["c", "d"]}
    assert "`c` was canceled (not needed)" in sentences(run)["e"]


def test_active_upstream_task_is_named_with_its_state(runs: DrawRun) -> None:
    run = runs("a > c, b > c > d")
    dispatch_all(run)
    start(run, "a")
    assert sentences(run) == {
        "c": "Waits for `a` (running) and `b` (dispatched).",
        "d": "Waits for `c` (pending).",
    }


def test_ready_task_is_explained_as_ready(runs: DrawRun) -> None:
    run = runs("a, b")
    answer = explain(run.pk)
    assert answer["sentence"].startswith("Nothing has been dispatched yet")
    assert set(sentences(run).values()) == {"Ready: the next dispatch takes it."}


def test_approvals_and_holds_are_root_causes(db: None) -> None:
    run = gated("a > b, c > d", "a")
    hold(task(run, "c").pk, by=who("ada"), reason="disk is full")
    assert sentences(run) == {
        "a": "Waits for somebody to approve it.",
        "b": "Cannot start: `a` waits for approval.",
        "c": "Is on hold (disk is full).",
        "d": "Cannot start: `c` is on hold (disk is full).",
    }


def test_full_or_disabled_runner_is_named(runs: DrawRun, local: Runner) -> None:
    run = runs("a, b")
    Runner.objects.filter(pk=local.pk).update(capacity=1)
    dispatch(run)
    assert sentences(run) == {"b": "Ready, but runner is full: local has 1 at a time."}
    Runner.objects.filter(pk=local.pk).update(is_enabled=False)
    assert sentences(run) == {"b": "Ready, but runner refused: local is disabled."}


def test_paused_and_aborted_runs_have_their_own_sentence(runs: DrawRun) -> None:
    run = runs("a > b")
    operations.pause(run.pk, by=who("ada"))
    assert explain(run.pk)["sentence"].startswith("Paused")
    operations.abort(run.pk, by=who("ada"))
    assert explain(run.pk)["sentence"].startswith("Aborted")
    assert explain(run.pk)["blocked"] == []


def test_unknown_run_raises_not_found(db: None) -> None:
    with pytest.raises(NotFound, match="workflow run 999 not found"):
        explain(999)


def test_run_with_2_to_the_24_paths_is_explained_in_one_pass(runs: DrawRun) -> None:
    #   ┌─ l0 ─┐ ┌─ l1 ─┐
    # s0       s1        s2 …
    #   └─ r0 ─┘ └─ r1 ─┘
    rungs = [f"s{n} > {side}{n} > s{n + 1}" for n in range(24) for side in "lr"]
    run = runs(", ".join(rungs))
    dispatch(run)
    finish(run, "s0", "failed")
    assert len(sentences(run)) == 72
    assert set(map(tuple, causes(run).values())) == {("s0",)}


def test_number_of_named_causes_is_limited_and_the_rest_mentioned(runs: DrawRun) -> None:
    run = runs(", ".join(f"s{n} > end" for n in range(30)))
    dispatch_all(run)
    for n in range(30):
        finish(run, f"s{n}", "failed")
    [entry] = explain(run.pk)["blocked"]
    assert len(entry["root_causes"]) == 20
    assert entry["more_root_causes"] is True
    assert entry["sentence"].endswith("and at least 17 more.")


def test_causes_beyond_the_limit_have_their_own_reasons(db: None) -> None:
    run = gated(", ".join(f"s{n} > end" for n in range(30)), "s28", "s29")
    for n in range(28):
        hold(task(run, f"s{n}").pk, by=who("ada"), reason=f"not {n}")
    [end] = [entry for entry in explain(run.pk)["blocked"] if entry["step_id"] == "end"]
    reasons = [(cause["status"], cause["reason"]) for cause in end["waits_for"]]
    held = [("on hold", f"not {n}") for n in range(28)]
    assert reasons == [*held, *[("waiting for approval", "")] * 2]


@pytest.mark.parametrize("size", [3, 60])
def test_number_of_statements_does_not_grow_with_tasks(
    runs: DrawRun, size: int, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    run = runs(" > ".join(f"s{n}" for n in range(size)) + ", x > y")
    RunnerFactory.create_batch(3)
    dispatch_all(run)
    finish(run, "s0", "failed")
    finish(run, "x")
    with django_assert_num_queries(STATEMENTS):
        answer: dict[str, Any] = explain(run.pk)
    assert len(answer["blocked"]) == size


STATEMENTS = 12


def test_first_entries_equal_those_of_the_whole_explanation(runs: DrawRun) -> None:
    run = runs("a > b > c, x, y > z")
    hold(task(run, "y").pk, by=who("ada"))
    dispatch_some(run, 1)
    finish(run, "a", "failed")
    everything = explain(run.pk)["blocked"]
    assert [entry["step_id"] for entry in everything] == ["x", "b", "c", "y", "z"]
    assert explain_tasks(run, most=3) == everything[:3]


def test_explain_task_equals_its_entry_in_explain(runs: DrawRun) -> None:
    run = runs("a > b > c, x, y > z")
    hold(task(run, "y").pk, by=who("ada"), reason="disk is full")
    dispatch_some(run, 1)
    finish(run, "a", "failed")
    for entry in explain(run.pk)["blocked"]:
        assert explain_task(task(run, entry["step_id"])) == entry
    assert explain_task(task(run, "a")) is None


def test_task_without_run_is_explained_too(db: None) -> None:
    alone = hold(create_task(title="alone", by=who("ada")).pk, by=who("ada"), reason="later")
    entry = explain_task(alone)
    assert entry
    assert entry["sentence"] == "Is on hold (later)."
