"""One call of dispatch-ready: its answer, the kept answer, and its events."""

from typing import Any

import pytest

from runners.models import Runner
from tests.factories import RunnerFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.tables import everything
from tests.support.verbs import attempt, dispatch, finish, states, task, trail, walk
from workflows import operations
from workflows.dispatch.result import MOST_KEPT, DispatchResult
from workflows.errors import NotFound, RunNotDispatchable
from workflows.models import WorkflowRun
from workflows.operations.dispatch_ready import dispatch_ready


def test_answer_names_the_dispatched_task(runs: DrawRun, local: Runner) -> None:
    run = runs("a, b", payload={"command": ["true"]}, timeout_seconds=9)
    answer = dispatch(run).as_json()
    made = attempt(run, "a")
    assert answer == {
        "run_id": run.pk,
        "dispatched": True,
        "task_id": task(run, "a").pk,
        "reason": None,
        "dispatch": {
            "task_id": task(run, "a").pk,
            "attempt_id": str(made.pk),
            "runner_payload": made.payload,
            "runner_submission": {
                "submitted": True,
                "runner": "local",
                "runner_url": None,
                "runner_task_status": "queued",
                "message": "waits for runner local",
            },
        },
    }
    assert made.payload["command"] == ["true"]
    assert (made.number, made.runner, made.timeout_seconds) == (1, local, 9)


def test_answer_gives_the_reason_if_nothing_was_dispatched(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    assert dispatch(run).as_json() == {
        "run_id": run.pk,
        "dispatched": False,
        "task_id": None,
        "reason": "dependencies not satisfied",
        "dispatch": None,
        "blocked": [
            {
                "task_id": task(run, "b").pk,
                "step_id": "b",
                "reason": "dependencies not satisfied",
                "root_causes": (),
                "more_root_causes": False,
                "note": "",
                "resume_at": None,
            }
        ],
    }


@pytest.mark.parametrize("limit", [2, None])
def test_answer_lists_all_dispatched_tasks(runs: DrawRun, limit: int | None) -> None:
    run = runs("a, b")
    answer = dispatch(run, limit=limit).as_json()
    assert [sent["task_id"] for sent in answer["dispatches"]] == [
        task(run, "a").pk,
        task(run, "b").pk,
    ]
    assert answer["dispatch"] == answer["dispatches"][0]


def test_events_name_the_actor_the_attempt_and_the_runner(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run, by=who("ada"))
    started, sent = run.events.order_by("-id")[:2][::-1]
    assert (started.event_type, started.actor) == ("workflow_run.running", "ada")
    assert (sent.event_type, sent.actor) == ("task.dispatched", "ada")
    assert sent.payload == {"attempt_id": str(attempt(run, "a").pk), "runner": "local"}


def test_first_dispatch_starts_the_run(runs: DrawRun) -> None:
    run = runs("a, b")
    assert run.started_at is None
    dispatch(run)
    run.refresh_from_db()
    assert (run.state, run.started_at is not None) == ("running", True)
    dispatch(run)
    assert trail(run) == ["workflow_run.running", "task.dispatched a", "task.dispatched b"]


def test_unknown_run_raises_not_found(db: None) -> None:
    with pytest.raises(NotFound, match="workflow run 999999 not found"):
        dispatch_ready(999_999, by=who("ada"))


@pytest.mark.parametrize("dry_run", [False, True])
@pytest.mark.parametrize("how", ["paused", "aborted"])
def test_paused_or_aborted_run_refuses(runs: DrawRun, how: str, dry_run: bool) -> None:
    run = runs("a")
    {"paused": operations.pause, "aborted": operations.abort}[how](run.pk, by=who("ada"))
    before = everything()
    with pytest.raises(RunNotDispatchable, match=f"workflow run {run.pk} is {how}"):
        dispatch(run, dry_run=dry_run)
    assert everything() == before


def test_finished_run_has_no_ready_tasks(runs: DrawRun) -> None:
    run = runs("a")
    walk(run, "a")
    assert dispatch(run).reason == "no ready tasks"
    assert trail(run)[-2:] == ["workflow_run.succeeded", "dispatch.nothing_ready"]


def test_failed_run_names_the_root_cause(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    finish(run, "a", "failed")
    answer = dispatch(run)
    assert answer.reason == "dependencies not satisfied"
    assert [cause.step_id for cause in answer.blocked[0].root_causes] == ["a"]


def test_no_task_is_ready_while_all_are_active(runs: DrawRun) -> None:
    run = runs("a, b")
    dispatch(run, limit=None)
    assert dispatch(run).reason == "no ready tasks"


def test_repeated_call_with_nothing_ready_counts_up_one_event(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    for _ in range(3):
        dispatch(run, by=who("ada"))
    assert trail(run)[2:] == ["dispatch.nothing_ready"]
    last = run.events.latest("id")
    assert (last.actor, last.reason) == ("ada", "dependencies not satisfied")
    assert last.payload == {"count": 3, "blocked": 1}


def test_call_with_nothing_ready_leaves_a_new_event_after_any_other_event(runs: DrawRun) -> None:
    run = runs("a > b")
    dispatch(run)
    dispatch(run, by=who("ada"))
    dispatch(run, by=who("bob"))
    finish(run, "a", "failed")
    dispatch(run, by=who("bob"))
    assert trail(run)[2:] == [
        "dispatch.nothing_ready",
        "dispatch.nothing_ready",
        "task.failed a",
        "workflow_run.failed",
        "workflow_run.deadlocked",
        "dispatch.nothing_ready",
    ]


def test_run_keeps_the_latest_answer(runs: DrawRun) -> None:
    run = runs("a > b")
    for _ in range(2):
        answer = dispatch(run)
        run.refresh_from_db()
        assert run.last_dispatch == json_form(answer)


def test_kept_answer_is_shortened_and_says_so(runs: DrawRun) -> None:
    run = runs(", ".join(f"s{i}" for i in range(MOST_KEPT + 5)))
    answer = dispatch(run, limit=None)
    run.refresh_from_db()
    assert run.last_dispatch
    assert len(answer.dispatches) == MOST_KEPT + 5
    assert len(run.last_dispatch["dispatches"]) == MOST_KEPT
    assert run.last_dispatch["left_out"] == 5


def json_form(answer: DispatchResult) -> Any:
    """Return an answer as it comes back from the database: JSON has no tuples."""
    form = answer.as_json()
    for blocked in form.get("blocked", []):
        blocked["root_causes"] = list(blocked["root_causes"])
    return form


def under_way(run: WorkflowRun, script: Script) -> None:
    dispatch(run)


def failed(run: WorkflowRun, script: Script) -> None:
    dispatch(run)
    finish(run, "a", "failed")


def nothing(run: WorkflowRun, script: Script) -> None:
    """Leave the run as created."""


def disabled(run: WorkflowRun, script: Script) -> None:
    Runner.objects.update(is_enabled=False)


def without_default(run: WorkflowRun, script: Script) -> None:
    Runner.objects.update(is_default=False)


def full(run: WorkflowRun, script: Script) -> None:
    Runner.objects.update(capacity=1)


@pytest.mark.parametrize("limit", [1, 2, None])
@pytest.mark.parametrize("situation", [nothing, under_way, failed, disabled, without_default, full])
def test_dry_run_answers_like_the_real_call_and_writes_nothing(
    runs: DrawRun, script: Script, situation: Any, limit: int | None
) -> None:
    run = runs("a > c, b, d", payload={"prompt": "{{ params.x }}"}, parameters={"x": 1})
    situation(run, script)
    submitted = list(script.submitted)
    before = everything()
    foreseen = dispatch(run, limit=limit, dry_run=True).as_json()
    assert everything() == before
    assert script.submitted == submitted
    assert comparable(foreseen) == comparable(dispatch(run, limit=limit).as_json())


def comparable(answer: dict[str, Any]) -> dict[str, Any]:
    """Remove what only a real dispatch has: an attempt, and the runner's own message."""
    for sent in (*answer.get("dispatches", ()), *filter(None, [answer["dispatch"]])):
        sent.pop("attempt_id", None)
        sent["runner_payload"].pop("idempotency_key", None)
        sent["runner_submission"].update(message="", runner_url=None)
    return answer


def test_dry_run_has_no_attempt_id(runs: DrawRun) -> None:
    answer = dispatch(runs("a"), dry_run=True).as_json()
    assert answer["dispatch"]["attempt_id"] is None


def test_task_goes_to_its_own_runner(runs: DrawRun, script: Script) -> None:
    own = RunnerFactory.create(kind="scripted")
    run = runs("a", runner=own.name)
    dispatch(run)
    assert (attempt(run, "a").runner, attempt(run, "a").runner_name) == (own, own.name)
    assert states(run) == {"a": "dispatched"}
