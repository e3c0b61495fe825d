"""Many failed runs are looked at up to a bound, and each by an index."""

import pytest
from django.db import connection

from tests.lists.plans import most_read, statements
from tests.support.seeded import seed
from workflows.admin.dashboard.items import AttentionGroup
from workflows.insight.attention import (
    MOST_COUNTED,
    failed_or_stuck_count,
    first_failed_or_stuck_runs,
)
from workflows.models import WorkflowRun

RUNS = 4_000
MODES = ("force_custom_plan", "force_generic_plan")


@pytest.fixture
def many_failed(db: None) -> None:
    """Half of the runs have failed today, each with parameters of its own."""
    seed(RUNS, tasks=1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE workflows_workflowrun SET state = 'failed', "
            "finished_at = now() - id * interval '1 ms' WHERE id % 2 = 0"
        )
        cursor.execute("ANALYZE workflows_workflowrun")


@pytest.mark.postgres
@pytest.mark.usefixtures("many_failed")
def test_no_statement_reads_all_failed_runs() -> None:
    with statements() as asked:
        assert failed_or_stuck_count() == MOST_COUNTED
        assert len(first_failed_or_stuck_runs(5)) == 5

    assert len(asked) == 3
    for statement in asked:
        for mode in MODES if statement[1] else MODES[:1]:
            read, where = most_read(statement, mode=mode)
            assert read <= 2 * MOST_COUNTED, (mode, where, statement)


@pytest.mark.postgres
@pytest.mark.usefixtures("many_failed")
def test_whether_a_later_run_succeeded_is_answered_by_its_index() -> None:
    WorkflowRun.objects.filter(state="success").update(parameters={"day": "all"})
    with statements() as asked:
        failed_or_stuck_count()

    [statement] = asked
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + statement[0], statement[1] or None)
        assert "run_success_of_parameters" in str(cursor.fetchall())


@pytest.mark.parametrize(("total", "number"), [(99, "99"), (MOST_COUNTED, "99+")])
def test_number_says_that_there_are_more_than_are_counted(total: int, number: str) -> None:
    assert AttentionGroup("Failed and stuck runs", "failed", "/", total).number == number
