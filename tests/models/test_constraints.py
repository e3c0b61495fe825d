"""What the database refuses, whatever the code does."""

from collections.abc import Callable

import pytest
from django.db import DataError, IntegrityError, transaction

from runners.models import Runner
from tests.factories import TemplateFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch, task
from workflows.models import (
    Event,
    LogPiece,
    StepDependency,
    Task,
    TaskAttempt,
    TaskDependency,
    TemplateStep,
    WorkflowRun,
)

pytestmark = pytest.mark.django_db


def refuses(change: Callable[[], object]) -> bool:
    try:
        with transaction.atomic():
            change()
    except (IntegrityError, DataError):
        return True
    return False


def test_step_id_is_unique_in_its_template() -> None:
    template = TemplateFactory.create(drawing="a > b")
    assert refuses(lambda: TemplateStep.objects.create(template=template, step_id="a", title="A"))
    assert not refuses(
        lambda: TemplateStep.objects.create(template=template, step_id="A", title="A")
    )


def test_edge_of_a_template_is_unique_and_joins_two_steps() -> None:
    edge = TemplateFactory.create(drawing="a > b").steps.get(step_id="b").dependencies.get()
    assert refuses(
        lambda: StepDependency.objects.create(step=edge.step, depends_on=edge.depends_on)
    )
    assert refuses(lambda: StepDependency.objects.create(step=edge.step, depends_on=edge.step))


def test_edge_of_a_run_is_unique_and_joins_two_tasks(runs: DrawRun) -> None:
    run = runs("a > b")
    a, b = task(run, "a"), task(run, "b")
    assert refuses(lambda: TaskDependency.objects.create(task=b, depends_on=a))
    assert refuses(lambda: TaskDependency.objects.create(task=b, depends_on=b))


def test_position_and_step_id_are_unique_in_a_run(runs: DrawRun) -> None:
    run = runs("a > b")
    assert refuses(lambda: Task.objects.create(run=run, title="x", step_id="a", position=9))
    assert refuses(lambda: Task.objects.create(run=run, title="x", step_id="x", position=1))


@pytest.mark.parametrize("state", ["queued", "", "SUCCESS"])
def test_unknown_state_is_refused(runs: DrawRun, state: str) -> None:
    run = runs("a")
    assert refuses(lambda: Task.objects.filter(run=run).update(state=state))
    assert refuses(lambda: WorkflowRun.objects.filter(pk=run.pk).update(state=state))


def test_negative_unmet_count_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    assert refuses(lambda: Task.objects.filter(run=run).update(unmet_count=-1))


@pytest.mark.parametrize(
    "state", ["pending", "dispatched", "running", "success", "failed", "canceled"]
)
def test_negative_task_count_of_a_run_is_refused(runs: DrawRun, state: str) -> None:
    run = runs("a")
    assert refuses(lambda: WorkflowRun.objects.filter(pk=run.pk).update(**{f"{state}_count": -1}))


def test_second_attempt_with_the_same_number_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    first = attempt(run, "a")
    first.pk = None
    assert refuses(lambda: TaskAttempt.objects.bulk_create([first]))


def test_second_log_piece_at_the_same_offset_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    of = attempt(run, "a")
    LogPiece.objects.create(attempt=of, offset=0, text="once")
    assert refuses(lambda: LogPiece.objects.create(attempt=of, offset=0, text="again"))


def test_second_default_runner_is_refused() -> None:
    Runner.objects.create(name="other")
    assert refuses(lambda: Runner.objects.update(is_default=True))


@pytest.mark.parametrize("model", [WorkflowRun, Task])
def test_run_and_task_with_events_cannot_be_deleted(
    runs: DrawRun, model: type[WorkflowRun] | type[Task]
) -> None:
    runs("a > b")
    assert refuses(lambda: model.objects.all().delete())
    assert Event.objects.count() == 3
