"""Decisions, resets, cancels and dispatches at the same moment, each on a connection of its own."""

from collections.abc import Callable
from functools import partial

import pytest

from tests.gates.people import Person, person
from tests.gates.rule import broken_rules
from tests.gates.situations import Cast, approval, approve, build, new_run
from tests.support.rivals import rival_before
from tests.support.threads import at_once
from tests.support.verbs import dispatch, states, task
from workflows import operations
from workflows.audit.verify import verify_run
from workflows.errors import WorkflowError
from workflows.models import Approval, WorkflowRun
from workflows.operations.tasks import retry_downstream

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

ROUNDS = 5


@pytest.fixture
def creator(transactional_db: None) -> Person:
    """Return who creates the runs, and may operate and decide."""
    return person("creator")


@pytest.fixture
def other(transactional_db: None) -> Person:
    """Return another person who may operate and decide."""
    return person("other")


def built(creator: Person) -> WorkflowRun:
    run = new_run(creator, auto=False)
    build(run)
    return run


def race(run: WorkflowRun, *calls: Callable[[], object]) -> None:
    """Make calls at once; some may be refused, and afterwards the trail keeps the rule."""
    unexpected = [
        answer
        for answer in at_once(calls)
        if isinstance(answer, Exception) and not isinstance(answer, WorkflowError)
    ]
    assert unexpected == []
    assert broken_rules(run) == []
    assert [finding.sentence for finding in verify_run(run.pk)] == []


def test_approval_and_reset_at_once_leave_no_old_approval(creator: Person, other: Person) -> None:
    for _ in range(ROUNDS):
        run = built(creator)
        by, build_id, number = creator.actor, task(run, "build").pk, approval(run).pk
        race(
            run,
            partial(operations.approve, number, by=other.actor),
            partial(retry_downstream, build_id, by=by),
            partial(dispatch, run, limit=None),
            partial(dispatch, run, limit=None),
        )


def test_mark_success_and_rejection_at_once_need_a_decider(creator: Person, other: Person) -> None:
    operator = person("operator")
    for _ in range(ROUNDS):
        run = built(creator)
        gate = task(run, "gate").pk
        race(
            run,
            partial(operations.reject, approval(run).pk, by=other.actor),
            partial(operations.mark_success, gate, by=operator.actor, reason="so"),
            partial(operations.mark_success, gate, by=creator.actor, reason="so"),
        )
        assert states(run)["gate"] == "canceled"


def test_cancel_and_approval_at_once_are_one_after_the_other(
    creator: Person, other: Person
) -> None:
    for _ in range(ROUNDS):
        run = built(creator)
        race(
            run,
            partial(operations.cancel, task(run, "gate").pk, by=creator.actor),
            partial(operations.approve, approval(run).pk, by=other.actor),
            partial(dispatch, run, limit=None),
        )


def test_two_deciders_who_mark_success_at_once_decide_once(creator: Person, other: Person) -> None:
    run = built(creator)
    gate = task(run, "gate").pk
    operations.cancel(gate, by=creator.actor)
    deciders = [other, person("approver"), person("superuser")]

    race(
        run,
        *(partial(operations.mark_success, gate, by=each.actor, reason="so") for each in deciders),
    )

    assert Approval.objects.filter(task=gate).count() == 1
    assert approval(run).status == "approved"


def test_dispatch_that_waited_for_a_reset_finds_the_gate_closed(
    creator: Person, other: Person
) -> None:
    run = built(creator)
    approve(Cast(run, other.actor))

    with rival_before("SET state", partial(dispatch, run)) as rival:
        retry_downstream(task(run, "build").pk, by=creator.actor)

    assert rival.exception() is None
    assert states(run)["gate"] == "pending"
    assert broken_rules(run) == []
