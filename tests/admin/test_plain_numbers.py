"""Numbers that scripts, addresses and drawings read are written alike in every language."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import Model
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from tests.admin.conftest import list_url, url_of
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, task
from workflows.models import Event, Task, WorkflowRun

FIRST = 12_000
"""Of so many, a language writes thousands apart."""
GROUPED_KEY = re.compile(r'="[^"]*\b12[.,]\d{3}\b[^"]*"')
DRAWN = re.compile(r'\b(?:c?[xy][12]?|r|width|height)="[^"]*,[^"]*"')


def count_from_there(model: type[Model]) -> None:
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("DELETE FROM sqlite_sequence WHERE name = %s", [table])
            cursor.execute(
                "INSERT INTO sqlite_sequence (name, seq) VALUES (%s, %s)", [table, FIRST]
            )
        else:
            cursor.execute("SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [table, FIRST])


@pytest.fixture
def failed(runs: DrawRun) -> Iterator[WorkflowRun]:
    """Yield a failed run with a large id, in a project that speaks German."""
    for model in (WorkflowRun, Task, Event):
        count_from_there(model)
    run = runs("a > b, c")
    dispatch_all(run)
    finish(run, "a", "failed")
    finish(run, "c")
    WorkflowRun.objects.update(finished_at=timezone.now() - timedelta(hours=1))
    with override_settings(LANGUAGE_CODE="de", USE_THOUSAND_SEPARATOR=True):
        yield run


def test_no_page_writes_a_key_or_a_length_as_a_language_does(
    root: Client, failed: WorkflowRun
) -> None:
    assert failed.pk > FIRST
    pages = (
        reverse("admin:index"),
        *map(list_url, (WorkflowRun, Task, Event)),
        url_of(failed),
        url_of(task(failed, "a")),
        url_of(task(failed, "a"), "panel"),
        reverse("admin:workflows_workflowrun_add"),
    )
    for page in pages:
        answer = root.get(page)
        assert answer.status_code == 200, page
        text = answer.content.decode()
        assert GROUPED_KEY.findall(text) + DRAWN.findall(text) == [], page


def test_parts_of_a_run_page_that_are_fetched_have_plain_numbers(
    root: Client, failed: WorkflowRun
) -> None:
    changes = root.get(f"{url_of(failed, 'changes')}?after={FIRST}").json()
    assert GROUPED_KEY.findall(str(changes)) == []
