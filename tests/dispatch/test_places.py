"""A template that lets only so many runs be active: the others wait, in order, and say so."""

from typing import Any

import pytest

from tests.factories import TemplateFactory
from tests.runs.test_bulkhead import spoil
from tests.support.actors import who
from tests.support.trail import check_trail
from tests.support.verbs import dispatch, finish, state, states, task
from workflows import operations
from workflows.dispatch.auto_dispatch import begin_created_runs, begin_waiting
from workflows.models import Task, WorkflowRun, WorkflowTemplate
from workflows.operations.policy import set_policy
from workflows.operations.start import start_run

# Really committed: the next run begins after the commit of an end.
pytestmark = pytest.mark.django_db(transaction=True)
ADA = who("ada")


def limited(drawing: str = "a > b", **limits: Any) -> WorkflowTemplate:
    """Return a template with limits; one run at a time by default."""
    template = TemplateFactory.create(drawing=drawing)
    set_policy(template.pk, limits or {"max_active_runs": 1}, by=ADA)
    return template


def started(template: WorkflowTemplate, **wanted: Any) -> WorkflowRun:
    """Start a run that goes on by itself."""
    return start_run(template, auto_dispatch=True, by=ADA, **wanted)


def active(template: WorkflowTemplate) -> list[int]:
    """Return the runs of a template that have a place."""
    return [
        run.pk
        for run in WorkflowRun.objects.filter(template=template).order_by("pk")
        if run.state in {"running", "paused"} and run.waits_since is None
    ]


def test_second_run_waits_and_begins_when_the_first_ends(script: Any) -> None:
    first, second = (started(template) for template in [limited()] * 2)
    assert (state(first), state(second)) == ("running", "created")
    assert dispatch(second).reason == f"waiting for workflow run {first.pk}"
    finish(first, "a")
    assert state(second) == "created"
    finish(first, "b")
    assert (state(first), states(second)) == ("success", {"a": "dispatched", "b": "pending"})
    [*map(check_trail, (first, second))]


@pytest.mark.parametrize("end", ["abort", "fail", "empty the rest"])
def test_every_end_of_a_run_gives_its_place_up(script: Any, end: str) -> None:
    template = limited()
    first, second = started(template), started(template)
    if end == "abort":
        operations.abort(first.pk, by=ADA)
    elif end == "fail":
        finish(first, "a", "failed")
    else:
        operations.cancel(task(first, "b").pk, by=ADA)
        finish(first, "a")
    assert active(template) == [second.pk]


def test_waiting_run_that_is_aborted_is_forgotten(script: Any) -> None:
    template = limited()
    first, second, third = (started(template) for _ in range(3))
    operations.abort(second.pk, by=ADA)
    assert active(template) == [first.pk]
    operations.abort(first.pk, by=ADA)
    assert active(template) == [third.pk]


def test_highest_priority_is_next_and_then_the_oldest(script: Any) -> None:
    template = limited("a")
    first, *rest = (started(template, priority=n) for n in (0, 0, 5, 0, 5))
    order = []
    for _ in rest:
        [holder] = active(template)
        finish(WorkflowRun.objects.get(pk=holder), "a")
        order += active(template)
    assert order == [rest[1].pk, rest[3].pk, rest[0].pk, rest[2].pk]
    assert first.pk not in order


def test_paused_run_keeps_its_place(script: Any) -> None:
    template = limited()
    first, second = started(template), started(template)
    operations.pause(first.pk, by=ADA)
    assert begin_waiting(by=ADA) == 0
    assert active(template) == [first.pk]
    assert dispatch(second).reason == f"waiting for workflow run {first.pk}"


def test_created_run_that_is_paused_takes_no_place_of_another(script: Any) -> None:
    template = limited()
    first, second = started(template), start_run(template, by=ADA)
    operations.pause(second.pk, by=ADA)
    assert (state(second), active(template)) == ("paused", [first.pk])
    operations.resume(second.pk, by=ADA)
    assert dispatch(second).reason == f"waiting for workflow run {first.pk}"
    operations.abort(first.pk, by=ADA)
    assert active(template) == []  # it does not go on by itself
    assert dispatch(second).dispatches
    assert active(template) == [second.pk]


def test_reopened_run_waits_without_dispatching_and_goes_on_later(script: Any) -> None:
    template = limited()
    first = started(template)
    finish(first, "a", "failed")
    second = started(template)
    operations.retry(task(first, "a").pk, by=ADA)
    assert (state(first), states(first)["a"]) == ("running", "pending")
    assert active(template) == [second.pk]
    assert dispatch(first).reason == f"waiting for workflow run {second.pk}"
    operations.abort(second.pk, by=ADA)
    assert (active(template), states(first)["a"]) == ([first.pk], "dispatched")
    [*map(check_trail, (first, second))]


def test_reopened_run_takes_a_place_that_is_free(script: Any) -> None:
    template = limited()
    first = started(template)
    finish(first, "a", "failed")
    operations.retry(task(first, "a").pk, by=ADA)
    assert (active(template), states(first)["a"]) == ([first.pk], "dispatched")


def test_run_of_a_person_waits_too_and_is_begun_by_a_person(script: Any) -> None:
    template = limited()
    first, second = started(template), start_run(template, by=ADA)
    assert dispatch(second).reason == f"waiting for workflow run {first.pk}"
    assert dispatch(second, dry_run=True).reason == f"waiting for workflow run {first.pk}"
    operations.abort(first.pk, by=ADA)
    assert state(second) == "created"
    assert dispatch(second).dispatches


def test_run_waits_for_those_before_it_though_a_place_is_free(script: Any) -> None:
    template = limited()
    first, second, third = (started(template) for _ in range(3))
    WorkflowRun.objects.filter(pk=first.pk).update(state="failed", finished_at=first.created_at)
    assert dispatch(third).reason == f"waiting for workflow run {second.pk}"
    assert begin_waiting(by=ADA) == 1
    assert active(template) == [second.pk]


def test_limit_that_is_raised_or_removed_lets_waiting_runs_begin(script: Any) -> None:
    template = limited()
    runs = [started(template) for _ in range(5)]
    set_policy(template.pk, {"max_active_runs": 3}, by=ADA)
    assert active(template) == [run.pk for run in runs[:3]]
    set_policy(template.pk, {"max_active_runs": 1}, by=ADA)
    operations.abort(runs[0].pk, by=ADA)
    operations.abort(runs[1].pk, by=ADA)
    assert active(template) == [runs[2].pk]
    set_policy(template.pk, {"max_active_runs": None}, by=ADA)
    assert active(template) == [run.pk for run in runs[2:]]


def test_templates_share_a_lock_in_the_order_of_their_runs(script: Any) -> None:
    one, other = (limited("a", locks=["production-db"]) for _ in range(2))
    first, second, third = started(one), started(other), started(one)
    assert dispatch(second).reason == f"waiting for workflow run {first.pk}"
    finish(first, "a")
    assert (active(one), active(other)) == ([], [second.pk])
    finish(second, "a")
    assert active(one) == [third.pk]


def test_run_needs_all_of_its_locks(script: Any) -> None:
    both = limited("a", locks=["b", "a"])
    ones = [limited("a", locks=[name]) for name in "ab"]
    holders = [started(template) for template in ones]
    waiting = started(both)
    for holder, template in zip(holders, ones, strict=True):
        assert active(both) == []
        late = started(template)  # it does not go before the one that waits for both
        finish(holder, "a")
        assert state(late) == "created"
    assert active(both) == [waiting.pk]


def test_deleting_the_template_lets_its_runs_go_on(script: Any) -> None:
    template = limited()
    first, second = started(template), started(template)
    template.delete()
    begin_waiting(by=ADA)
    assert (state(first), state(second)) == ("running", "running")


def test_waiting_run_is_not_given_up_after_a_day(script: Any) -> None:
    template = limited()
    first, second = started(template), started(template)
    for run in (first, second):
        WorkflowRun.objects.filter(pk=run.pk).update(created_at="2020-01-01T00:00Z")
    assert begin_created_runs(by=ADA) == 0
    operations.abort(first.pk, by=ADA)
    assert active(template) == [second.pk]


def test_many_runs_that_end_at_once_are_no_recursion(script: Any) -> None:
    template = limited("a")
    first = started(template)
    rest = [started(template) for _ in range(60)]
    Task.objects.filter(run__in=rest).update(payload={"command": ["{{ params.missing }}"]})
    operations.abort(first.pk, by=ADA)
    assert {state(run) for run in rest} == {"failed"}


def test_run_that_cannot_begin_does_not_hold_up_the_others(script: Any) -> None:
    template = limited()
    first, second, third = (started(template) for _ in range(3))
    spoil(second)
    operations.abort(first.pk, by=ADA)
    begin_waiting(by=ADA)
    assert (state(second), active(template)) == ("created", [third.pk])
