"""The example of an empty installation."""

from tests.execution.conftest import log_of
from tests.management.conftest import Started, wait_for
from tests.support.actors import who
from tests.support.verbs import attempt
from workflows.models import RunState, WorkflowRun
from workflows.operations.first_hour import start_example


def test_example_is_executed_where_there_is_nothing_but_a_local_runner(started: Started) -> None:
    run = start_example(by=who("ada"))

    started("local_runner")
    wait_for(lambda: WorkflowRun.objects.get(pk=run.pk).state == RunState.SUCCESS)

    assert log_of(attempt(run, "report")).startswith("My first run\n")
