"""Each word of a search is answered by the index that was made for it."""

import pytest
from django.db import connection
from pytest_django import DjangoAssertNumQueries

from tests.support.drawing import DrawRun
from workflows.models import RunLabel, TaskAttempt, WorkflowRun
from workflows.search import words
from workflows.search.find import everything, search

pytestmark = pytest.mark.django_db
ON_BOTH = {
    "template:drawn": "run_by_name",
    "label:team=data": "runlabel_by_value",
    "label:team": "runlabel_by_value",
    "note:late": "event_note",
}
ON_POSTGRESQL = {
    "param:day=2026-11-27": "run_parameter",
    "param:source.copies=3": "run_parameter",
    "message:disk": "attempt_failure_words",
    'message:"disk full"': "attempt_failure_words",
}


def plan_of(text: str) -> str:
    runs = search(text, WorkflowRun.objects.order_by("-pk"), may=everything).runs
    return str(runs.explain())


def fail_often(run: WorkflowRun) -> None:
    common = {"task": run.tasks.get(), "payload": {}, "timeout_seconds": 1, "outcome": "failed"}
    TaskAttempt.objects.bulk_create(
        TaskAttempt(number=n, message=f"exit code {n}", **common) for n in range(1, 500)
    )


def label_often(run: WorkflowRun) -> None:
    RunLabel.objects.bulk_create(RunLabel(run=run, key=f"key{n}", value="x") for n in range(500))


@pytest.mark.parametrize(("text", "index"), [*ON_BOTH.items(), *ON_POSTGRESQL.items()])
def test_word_is_answered_by_its_index(
    runs: DrawRun, text: str, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if text in ON_POSTGRESQL and connection.vendor != "postgresql":
        pytest.skip("an index that only PostgreSQL has")
    run = runs("a", name="drawn", parameters={"day": "2026-11-27", "source": {"copies": 3}})
    fail_often(run)
    label_often(run)
    monkeypatch.setattr(words, "MOST_TOLD", -1)  # or the few runs found are named one by one
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:  # reading all of a small table is as good as an index
            cursor.execute("SET LOCAL enable_seqscan = off")
            if text in ON_POSTGRESQL:  # such an index is only scanned as a bitmap
                cursor.execute("SET LOCAL enable_indexscan = off")
            cursor.execute("ANALYZE workflows_taskattempt, workflows_runlabel")
    assert index in (found := plan_of(text)), found


def test_search_takes_few_statements(
    runs: DrawRun, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    runs("a", name="drawn")
    text = "template:drawn label:a=b by:anna anna"
    with django_assert_num_queries(4):  # the template, names like `anna`, how far back, the rows
        assert not list(search(text, WorkflowRun.objects.all(), may=everything).runs)
