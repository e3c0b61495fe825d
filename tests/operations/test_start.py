"""Runs with auto-dispatch begin at their creation; auto-dispatch can be switched on and off."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from runners.models import Runner
from tests.factories import TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import finish, state, states, trail
from workflows import periodic
from workflows.db import failpoints
from workflows.dispatch.auto_dispatch import begin_created_runs
from workflows.errors import Conflict
from workflows.models import Event, WorkflowRun
from workflows.operations.runs import abort, pause, set_auto_dispatch
from workflows.operations.start import start_run

ANNA = who("anna")


@pytest.mark.django_db(transaction=True)
def test_started_run_dispatches_after_its_commit(local: Runner) -> None:
    template = TemplateFactory.create(drawing="a > c, b")
    with transaction.atomic():
        run = start_run(template_id=template.pk, auto_dispatch=True, by=ANNA)
        assert state(run) == "created"
    assert (state(run), states(run)) == (
        "running",
        {"a": "dispatched", "b": "dispatched", "c": "pending"},
    )
    assert trail(run)[-3:] == ["workflow_run.running", "task.dispatched a", "task.dispatched b"]
    assert set(Event.objects.values_list("actor", flat=True)) == {"anna"}


@pytest.mark.django_db(transaction=True)
def test_run_without_auto_dispatch_is_only_created(local: Runner) -> None:
    run = start_run(template_id=TemplateFactory.create(drawing="a").pk, by=ANNA)
    assert (state(run), states(run)) == ("created", {"a": "pending"})


@pytest.mark.django_db(transaction=True)
def test_run_whose_transaction_is_rolled_back_dispatches_nothing(local: Runner) -> None:
    template = TemplateFactory.create(drawing="a")
    with transaction.atomic():
        start_run(template_id=template.pk, auto_dispatch=True, by=ANNA)
        transaction.set_rollback(True)
    assert not WorkflowRun.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_failure_after_the_commit_leaves_the_run_to_the_next_round(
    local: Runner, monkeypatch: pytest.MonkeyPatch
) -> None:
    template = TemplateFactory.create(drawing="a")

    def fail(name: str) -> None:
        if name == "run.committed":
            raise RuntimeError("no")

    with monkeypatch.context() as patched:
        patched.setattr(failpoints, "trap", fail)
        run = start_run(template_id=template.pk, auto_dispatch=True, by=ANNA)
    assert state(run) == "created"
    assert periodic.run_all(by=who("tick")).done["begun"] == 1
    assert (state(run), states(run)) == ("running", {"a": "dispatched"})


@pytest.mark.django_db(transaction=True)
def test_run_that_waits_for_an_approval_has_begun_too(local: Runner) -> None:
    template = TemplateFactory.create(drawing="a", requires_approval=True)
    run = start_run(template_id=template.pk, auto_dispatch=True, by=ANNA)
    assert (state(run), states(run)) == ("running", {"a": "pending"})
    assert "dispatch.nothing_ready" not in trail(run)


def test_round_leaves_out_runs_without_auto_dispatch_and_old_ones(runs: DrawRun) -> None:
    by_hand, old, new = runs("a"), runs("a", auto_dispatch=True), runs("a", auto_dispatch=True)
    then = timezone.now() - timedelta(days=2)
    WorkflowRun.objects.filter(pk=old.pk).update(created_at=then)
    assert begin_created_runs(by=ANNA) == 1
    assert [state(run) for run in (by_hand, old, new)] == ["created", "created", "running"]


def test_switched_on_run_dispatches_what_is_ready_at_once(runs: DrawRun) -> None:
    run = runs("a > b")
    set_auto_dispatch(run.pk, auto_dispatch=True, by=ANNA, reason="night")
    assert (state(run), states(run)) == ("running", {"a": "dispatched", "b": "pending"})
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "dispatched"}
    event = Event.objects.get(event_type="workflow_run.auto_dispatch_set")
    assert (event.actor, event.reason, event.payload) == ("anna", "night", {"auto_dispatch": True})


def test_switched_off_run_waits_for_people(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    begin_created_runs(by=ANNA)
    set_auto_dispatch(run.pk, auto_dispatch=False, by=ANNA)
    finish(run, "a")
    assert states(run) == {"a": "success", "b": "pending"}


def test_repeated_switch_leaves_no_event(runs: DrawRun) -> None:
    run = runs("a")
    set_auto_dispatch(run.pk, auto_dispatch=False, by=ANNA)
    assert not Event.objects.filter(event_type="workflow_run.auto_dispatch_set").exists()


def test_paused_run_that_is_switched_on_dispatches_nothing(runs: DrawRun) -> None:
    run = runs("a")
    pause(run.pk, by=ANNA)
    set_auto_dispatch(run.pk, auto_dispatch=True, by=ANNA)
    assert (state(run), states(run)) == ("paused", {"a": "pending"})


def test_aborted_run_is_not_switched(runs: DrawRun) -> None:
    run = runs("a")
    abort(run.pk, by=ANNA)
    with pytest.raises(Conflict, match="is aborted"):
        set_auto_dispatch(run.pk, auto_dispatch=True, by=ANNA)
