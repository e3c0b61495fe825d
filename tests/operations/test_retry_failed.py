"""Retry of a run: all failed tasks at once, or those that are named."""

from typing import Any

import pytest

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, states, task, trail
from workflows import operations
from workflows.audit.verify import verify_run
from workflows.authoring.spec import parse_template
from workflows.authoring.store import replace_template
from workflows.errors import Conflict, Invalid
from workflows.models import WorkflowRun
from workflows.operations.preview import preview_retry, preview_retry_failed

ANNA = who("anna")


@pytest.fixture
def broken(runs: DrawRun) -> WorkflowRun:
    """Return a failed run: a and b failed, c was canceled, d succeeded, e waits for a."""
    run = runs("a > e, b, c, d")
    operations.cancel(task(run, "c").pk, by=ANNA)
    dispatch_all(run)
    for name, status in {"a": "failed", "b": "failed", "d": "success"}.items():
        finish(run, name, status)
    run.refresh_from_db()
    assert run.state == "failed"
    return run


@pytest.mark.parametrize(
    ("wanted", "retried"),
    [
        ({}, "ab"),
        ({"include_canceled": True}, "abc"),
        ({"step_ids": ["b"]}, "b"),
        ({"step_ids": ["c", "a"], "include_canceled": True}, "ac"),
    ],
)
def test_failed_tasks_are_pending_again_in_list_order(
    broken: WorkflowRun, wanted: dict[str, Any], retried: str
) -> None:
    before = states(broken)
    found = operations.retry_failed(broken.pk, **wanted, by=ANNA, reason="disk is back")
    assert "".join(each.step_id or "" for each in found) == retried
    assert states(broken) == before | dict.fromkeys(retried, "pending")
    assert [line for line in trail(broken) if "retried" in line] == [
        f"task.retried {name}" for name in retried
    ]
    broken.refresh_from_db()
    assert (broken.state, broken.failed_count) == ("running", 2 - len({*retried} & {*"ab"}))
    assert not verify_run(broken.pk)


def test_named_tasks_are_retried_by_id(broken: WorkflowRun) -> None:
    operations.retry_failed(broken.pk, task_ids=[task(broken, "a").pk], by=ANNA)
    assert (states(broken)["a"], states(broken)["b"]) == ("pending", "failed")


@pytest.mark.parametrize(
    ("wanted", "refusal", "text"),
    [
        ({"step_ids": ["x"]}, Invalid, "There is no step 'x' in workflow run"),
        ({"task_ids": [987654]}, Invalid, "There is no task 987654 in workflow run"),
        ({"task_ids": [1], "step_ids": ["a"]}, Invalid, "not both"),
        ({"step_ids": ["c"]}, Conflict, "is canceled; include_canceled retries it, too"),
        ({"step_ids": ["a", "d"]}, Conflict, "is success"),
    ],
)
def test_refused_retry_changes_nothing(
    broken: WorkflowRun, wanted: dict[str, Any], refusal: type[Exception], text: str
) -> None:
    before = states(broken)
    with pytest.raises(refusal) as caught:
        operations.retry_failed(broken.pk, **wanted, by=ANNA)
    assert text in str(getattr(caught.value, "fields", caught.value))
    assert states(broken) == before


def test_run_without_failed_tasks_says_so(runs: DrawRun) -> None:
    run = runs("a, b")
    with pytest.raises(Conflict, match=r"nothing in workflow run .* has failed or was canceled"):
        operations.retry_failed(run.pk, by=ANNA)
    operations.cancel(task(run, "a").pk, by=ANNA)
    with pytest.raises(Conflict, match="1 canceled: include_canceled retries them"):
        operations.retry_failed(run.pk, by=ANNA)


def test_rejected_task_asks_for_approval_again(runs: DrawRun) -> None:
    run = runs("a, b", requires_approval=True)
    for name in "ab":
        operations.reject(task(run, name).approvals.get().pk, by=who("bob"))
    operations.retry_failed(run.pk, include_canceled=True, by=ANNA)
    assert [each.awaits_approval for each in run.tasks.all()] == [True, True]
    assert not verify_run(run.pk)


def test_preview_names_the_tasks_and_the_version_that_is_kept(broken: WorkflowRun) -> None:
    steps = [{"step_id": "a", "title": "new"}]
    template = broken.template
    assert template
    replace_template(template.pk, parse_template({"name": template.name, "steps": steps}))
    kept = f"run {broken.pk} keeps version 1; the template is at 2. To use that, run it again"
    assert [effect.sentence for effect in preview_retry_failed([broken])] == [
        "2 tasks failed and return to the queue",
        kept,
        "1 task can run once that succeeds",
    ]
    assert kept in [effect.sentence for effect in preview_retry([task(broken, "b")])]
