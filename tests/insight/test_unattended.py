"""Overdue attempts after which nobody has looked for five minutes."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models import F
from django.utils import timezone

from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, start
from workflows.insight.attention import unattended_attempts
from workflows.models import LastLook, TaskAttempt, WorkflowRun
from workflows.periodic import RECOVERY

LONG, SHORT = timedelta(minutes=6), timedelta(minutes=4)


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    """Return a run with one attempt that has begun."""
    found = runs("a")
    dispatch_all(found)
    start(found, "a")
    return found


def overdue_for(span: timedelta) -> None:
    TaskAttempt.objects.update(lease_expires_at=timezone.now() - span)


def looked_ago(span: timedelta) -> None:
    LastLook.objects.update_or_create(name=RECOVERY, defaults={"at": timezone.now() - span})


def test_overdue_attempts_that_nobody_has_ever_looked_after(run: WorkflowRun) -> None:
    overdue_for(LONG)
    assert [*unattended_attempts()] == [attempt(run, "a")]


def test_overdue_attempts_that_somebody_looked_after_long_ago(run: WorkflowRun) -> None:
    overdue_for(LONG)
    looked_ago(LONG)
    assert [*unattended_attempts()] == [attempt(run, "a")]


def test_overdue_attempts_are_attended_if_somebody_looked_lately(run: WorkflowRun) -> None:
    overdue_for(LONG)
    looked_ago(SHORT)
    assert not unattended_attempts()


def test_attempts_that_are_overdue_for_a_moment_can_still_be_looked_after(run: WorkflowRun) -> None:
    overdue_for(SHORT)
    looked_ago(timedelta(days=7))
    assert not unattended_attempts()


def test_installation_without_overdue_attempts_is_not_warned(run: WorkflowRun) -> None:
    assert not unattended_attempts()


def test_other_periodic_work_does_not_look_after_attempts(run: WorkflowRun) -> None:
    overdue_for(LONG)
    LastLook.objects.create(name="presence")
    assert [*unattended_attempts()] == [attempt(run, "a")]


def test_attempt_that_was_never_submitted_is_unattended_too(runs: DrawRun) -> None:
    run = runs("a")
    dispatch_all(run)
    overdue_for(LONG)
    assert [*unattended_attempts()] == [attempt(run, "a")]


def test_tick_looks_after_them(run: WorkflowRun) -> None:
    overdue_for(LONG)
    call_command("tick")
    TaskAttempt.objects.update(outcome="", lease_expires_at=timezone.now() - LONG)
    assert not unattended_attempts()
    LastLook.objects.update(at=F("at") - LONG)
    assert unattended_attempts()
