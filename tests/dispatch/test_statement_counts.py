"""The number of statements of an operation does not grow with the run."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch, finish, start, task
from workflows.models import Task, WorkflowRun
from workflows.operations.runs import abort, pause, resume
from workflows.operations.tasks import cancel, retry

SMALL, LARGE = 10, 10_000


def statements(call: Any) -> int:
    """Count the statements of a call; batches of a bulk INSERT count once, as on PostgreSQL."""
    with CaptureQueriesContext(connection) as captured:
        call()
    inserts = [row["sql"] for row in captured if row["sql"].startswith("INSERT")]
    batches = len(inserts) - len({sql.split(" ")[2] for sql in inserts})
    return len(captured) - (batches if connection.vendor == "sqlite" else 0)


def costs(run: WorkflowRun) -> dict[str, int]:
    """Execute each operation once; return its number of statements."""
    found = {"the first dispatch": statements(lambda: dispatch(run))}
    found["a start"] = statements(lambda: start(run, "s0"))
    found["an end"] = statements(lambda: finish(run, "s0"))
    found["a dispatch"] = statements(lambda: dispatch(run))
    found["a dry run"] = statements(lambda: dispatch(run, dry_run=True))
    found["a failure"] = statements(lambda: finish(run, "t0", "failed"))
    found["a retry"] = statements(lambda: retry(task(run, "t0").pk, by=who("ada")))
    found["a cancel"] = statements(lambda: cancel(task(run, "t0").pk, by=who("ada")))
    found["a pause"] = statements(lambda: pause(run.pk, by=who("ada")))
    found["a resume"] = statements(lambda: resume(run.pk, by=who("ada")))
    return found


def star(arms: int) -> str:
    """Draw many independent steps, each with one downstream step."""
    return ", ".join(f"s{i} > t{i}" for i in range(arms // 2))


@pytest.mark.slow
def test_statements_per_operation_do_not_grow_with_the_run(runs: DrawRun) -> None:
    small, large = costs(runs(star(SMALL))), costs(runs(star(LARGE)))
    assert small == large
    assert max(small.values()) <= 20, small


def test_statements_of_an_abort_do_not_grow_with_the_run(runs: DrawRun) -> None:
    def abort_half_way(arms: int) -> int:
        run = runs(star(arms))
        dispatch(run, limit=arms // 4)
        start(run, "s0")
        return statements(lambda: abort(run.pk, by=who("ada")))

    assert abort_half_way(SMALL) == abort_half_way(2_000)


@pytest.mark.parametrize("auto_dispatch", [False, True])
def test_statements_do_not_grow_with_the_number_of_dispatched_tasks(
    runs: DrawRun, auto_dispatch: bool
) -> None:
    def all_at_once(arms: int) -> tuple[int, int]:
        run = runs(f"root > {', root > '.join(f's{i}' for i in range(arms))}")
        WorkflowRun.objects.filter(pk=run.pk).update(auto_dispatch=auto_dispatch)
        dispatch(run)
        end = statements(lambda: finish(run, "root"))
        return end, statements(lambda: dispatch(run, limit=None))

    assert all_at_once(5) == all_at_once(500)


def test_statements_of_a_dispatch_with_nothing_ready_do_not_grow_with_the_run(
    runs: DrawRun,
) -> None:
    def with_nothing_ready(length: int) -> int:
        run = runs(" > ".join(f"s{i}" for i in range(length)))
        dispatch(run)
        finish(run, "s0", "failed")
        assert Task.objects.filter(run=run, state="pending").count() == length - 1
        assert attempt(run, "s0").outcome == "failed"
        return statements(lambda: dispatch(run))

    assert with_nothing_ready(SMALL) == with_nothing_ready(2_000)
