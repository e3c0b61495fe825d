"""What each lock prevents: a rival acts at the moment when the lock is held."""

from datetime import timedelta

import pytest

from runners.models import Runner
from tests.factories import TaskFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun, template_of
from tests.support.rivals import rival_before
from tests.support.scripted import Script
from tests.support.verbs import (
    attempt,
    dispatch,
    dispatch_some,
    edges,
    finish,
    states,
    task,
    trail,
)
from workflows import operations
from workflows.authoring.spec import parse_template
from workflows.authoring.store import replace_template
from workflows.dispatch.claims import claim_attempts
from workflows.errors import Conflict
from workflows.models import Task, WorkflowRun
from workflows.reports.recovery import recover_overdue
from workflows.runs.creation import create_run

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

UPDATE_TASK = "UPDATE workflows_task SET"


def test_second_dispatch_waits_and_takes_the_next_task(runs: DrawRun) -> None:
    run = runs("a, b")
    with rival_before(UPDATE_TASK, lambda: dispatch_some(run, 1)) as rival:
        assert dispatch_some(run, 1) == ["a"]
    assert rival.result() == ["b"]
    assert trail(run) == ["workflow_run.running", "task.dispatched a", "task.dispatched b"]


def test_pause_waits_for_a_dispatch(runs: DrawRun) -> None:
    run = runs("a, b")
    with rival_before(UPDATE_TASK, lambda: operations.pause(run.pk, by=who("ada"))) as rival:
        dispatch(run)
    assert rival.exception() is None
    run.refresh_from_db()
    assert (run.state, run.task_counts["dispatched"]) == ("paused", 1)
    assert trail(run) == ["workflow_run.running", "task.dispatched a", "workflow_run.paused"]


def test_report_waits_for_another_of_the_same_run(runs: DrawRun) -> None:
    run = runs("a > c, b > c")
    dispatch(run, limit=None)
    with rival_before(UPDATE_TASK, lambda: finish(run, "b")) as rival:
        finish(run, "a")
    assert rival.exception() is None
    run.refresh_from_db()
    assert (run.task_counts["success"], task(run, "c").unmet_count) == (2, 0)


def test_report_that_waited_for_a_cancel_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    with rival_before(UPDATE_TASK, lambda: finish(run, "a")) as rival:
        operations.cancel(task(run, "a").pk, by=who("ada"))
    assert type(rival.exception()).__name__ == "ReportRefused"
    assert states(run) == {"a": "canceled"}
    assert trail(run)[-1] == "task.report_refused a"


def test_attempt_is_claimed_by_one_executor_only(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)

    def claim() -> int:
        made = [attempt(run, "a").pk]
        return len(claim_attempts(run.pk, made, lease=timedelta(minutes=1), by=who("executor")))

    with rival_before(UPDATE_TASK, claim) as rival:
        assert claim() == 1
    assert rival.result() == 0
    assert trail(run)[-1] == "task.running a"


def test_last_free_place_of_a_runner_is_used_once(runs: DrawRun, script: Script) -> None:
    Runner.objects.filter(name="scripted").update(capacity=1)
    one, two = runs("a"), runs("b")
    with rival_before(UPDATE_TASK, lambda: dispatch_some(two, 1)) as rival:
        assert dispatch_some(one, 1) == ["a"]
    assert rival.result() == []
    assert states(two) == {"b": "pending"}


def test_refused_submission_and_report_are_both_counted(runs: DrawRun, script: Script) -> None:
    run = runs("a, b")
    script.refuse("a")
    closing = 'UPDATE "workflows_taskattempt" SET "outcome"'
    with rival_before(closing, lambda: finish(run, "b")) as rival:
        dispatch(run, limit=None)
    assert rival.exception() is None
    assert states(run) == {"a": "pending", "b": "success"}
    run.refresh_from_db()
    assert {of: n for of, n in run.task_counts.items() if n} == {"pending": 1, "success": 1}


def test_attempt_reported_during_recovery_is_not_lost(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    claim_attempts(run.pk, [attempt(run, "a").pk], lease=-timedelta(minutes=1), by=who("executor"))
    with rival_before("SELECT workflows_workflowrun", lambda: finish(run, "a")):
        assert not recover_overdue(by=who("rescue"))
    assert states(run) == {"a": "success"}
    assert trail(run)[-2:] == ["task.succeeded a", "workflow_run.succeeded"]


def test_template_is_not_replaced_while_it_is_expanded(db: None) -> None:
    template = TemplateFactory.create(drawing="a > b > c")
    other = parse_template(template_of("x > y", name=template.name))
    copying_edges = "INSERT INTO workflows_taskdependency"
    with rival_before(copying_edges, lambda: replace_template(template.pk, other)) as rival:
        run = create_run(template_id=template.pk, by=who("test"))
    assert rival.exception() is None
    assert edges(run) == {("a", "b"), ("b", "c")}
    assert create_run(template_id=template.pk, by=who("test")).template_version == 2


def test_template_is_not_expanded_while_it_is_replaced(db: None) -> None:
    template = TemplateFactory.create(drawing="a > b > c")
    other = parse_template(template_of("x > y", name=template.name))
    deleting = 'DELETE FROM "workflows_templatestep"'
    with rival_before(
        deleting, lambda: create_run(template_id=template.pk, by=who("test"))
    ) as rival:
        replace_template(template.pk, other)
    run = rival.result()
    assert isinstance(run, WorkflowRun)
    assert (edges(run), run.template_version) == ({("x", "y")}, 2)


def test_concurrent_replacements_are_two_versions(db: None) -> None:
    template = TemplateFactory.create(drawing="a")
    first, second = (parse_template(template_of(drawing)) for drawing in ("x", "y"))
    deleting = 'DELETE FROM "workflows_templatestep"'
    with rival_before(deleting, lambda: replace_template(template.pk, second)):
        replace_template(template.pk, first)
    template.refresh_from_db()
    assert template.version == 3
    assert [step.step_id for step in template.steps.all()] == ["y"]


def test_task_is_not_put_into_a_run_while_it_is_canceled(db: None) -> None:
    alone = TaskFactory.create()
    with rival_before(UPDATE_TASK, lambda: create_run(task_ids=[alone.pk], by=who("bob"))) as rival:
        operations.cancel(alone.pk, by=who("ada"))
    assert isinstance(rival.exception(), Conflict)
    alone.refresh_from_db()
    assert (alone.state, alone.run) == ("canceled", None)


def test_task_is_not_canceled_while_it_is_put_into_a_run(db: None) -> None:
    alone = TaskFactory.create()
    inserting = 'INSERT INTO "workflows_workflowrun"'
    with rival_before(inserting, lambda: operations.cancel(alone.pk, by=who("ada"))) as rival:
        run = create_run(task_ids=[alone.pk], by=who("bob"))
    assert isinstance(rival.exception(), Conflict)
    assert Task.objects.get().run == run
    run.refresh_from_db()
    assert run.task_counts["pending"] == 1
