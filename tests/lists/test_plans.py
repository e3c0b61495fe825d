"""No list, filter, order, search or page reads more rows than it counts, whatever the history."""

from collections.abc import Iterator
from http import HTTPStatus
from itertools import chain
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.db.models import Max, Min
from django.test import Client
from django.urls import reverse
from django_filters import rest_framework as filters

from runners.models import Runner
from tests.admin.conftest import list_url
from tests.factories import UserFactory
from tests.lists.plans import most_read, statements
from tests.support.seeded import seed
from workflows.admin.runs.compare import compare_url
from workflows.admin.templates.overview import TABS, overview_url
from workflows.admin.ui.base import RowFilter
from workflows.admin.ui.lists import GrowingAdmin
from workflows.api.filters import ChoicesFilter, IdFilter, MomentFilter
from workflows.api.urls import router
from workflows.db import counting
from workflows.insight.history import RUNS as HISTORY
from workflows.models import Approval, Event, Task, TaskAttempt, WorkflowRun, WorkflowTemplate

TYPED = 3
"""The place of a column that no list offers to be ordered by; somebody types it all the same."""
RUNS, TASKS = 300, 100
COUNTED = 300
MOST_READ = max(6 * COUNTED, HISTORY * TASKS)
"""A value that a fourth of the rows have is looked for in all of them; a history has whole runs."""
MODES = ("force_custom_plan", "force_generic_plan")


@pytest.fixture
def client(db: None, monkeypatch: pytest.MonkeyPatch) -> Client:
    """Return a superuser's client; so few rows are counted that reading all of them is noticed."""
    monkeypatch.setattr(counting, "MOST_COUNTED", COUNTED)
    monkeypatch.setattr(GrowingAdmin, "most_searched", COUNTED)
    seed(RUNS, tasks=TASKS)
    client = Client()
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


def console_lists(client: Client) -> Iterator[str]:
    """Yield each list of a growing table with what its page offers."""
    pages: dict[Any, Any] = admin.site._registry
    for model, page in pages.items():
        if not isinstance(page, GrowingAdmin):
            continue
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        shown: Any = client.get(address).context["cl"]
        yield address
        for spec in shown.filter_specs:
            yield from (f"{address}{choice['query_string']}" for choice in spec.choices(shown))
        for each in page.list_filter:
            if isinstance(each, type) and issubclass(each, RowFilter):
                yield from (f"{address}?{each.parameter_name}={key}" for key in (1, TASKS))
        orders = [
            f"o={sign}{place}"
            for place, column in enumerate(shown.list_display)
            for sign in ("", "-")
            if column in shown.sortable_by or place == TYPED
        ]
        for query in (*orders, "q=nothing", "q=step-7", "p=2"):
            yield f"{address}?{query}"
        far = client.get(f"{address}?p=100000").context
        if far and far["cl"].go_on:
            yield from (f"{address}?p=100000", f"{address}{far['cl'].go_on}")


def run_searches() -> Iterator[str]:
    """Yield searches of the list of runs, and the file of all its pages."""
    for text in ("step:step-7", "step:step-7 state:failed", "approved:a", "slow:1.5 after:7d"):
        yield f"{list_url(WorkflowRun)}?{urlencode({'q': text})}"
    yield f"{list_url(WorkflowRun)}export/"


def api_lists(client: Client) -> Iterator[str]:
    """Yield each list of the API with each of its filters and some of their values."""
    views: list[tuple[str, Any, str]] = router.registry
    for prefix, view, _ in views:
        if not hasattr(view, "filterset_class"):
            continue  # exports are no lists
        for query in (f"offset={COUNTED}", *_filtered(view)):
            address = f"/{prefix}?limit=10&{query}"
            yield address
            for link in ("next", "previous"):
                if following := client.get(address).json()[link]:
                    yield following


def _filtered(view: Any) -> Iterator[str]:
    for name, each in view.filterset_class.base_filters.items():
        column = each.field_name or name
        if each.method:
            values = ["state:failed", "template:nightly", "param:day=7"]
        elif isinstance(each, ChoicesFilter):
            choices = each.extra["choices"]
            values = [value for value, _ in (choices() if callable(choices) else choices)]
            yield f"{name}={values[0]}&{name}={values[-1]}"
        else:
            ends = view.queryset.order_by().aggregate(a=Min(column), z=Max(column))
            values = [ends["a"], ends["z"]]
            if isinstance(each, MomentFilter):
                values = [f"{value:%Y-%m-%dT%H:%M:%SZ}" for value in values if value]
            elif isinstance(each, filters.CharFilter):
                values.append("nothing")
            else:
                assert isinstance(each, IdFilter), name
        yield from (f"{name}={value}" for value in values)


def pages() -> Iterator[str]:
    """Yield the pages and resources that are about one row, and the dashboard."""
    yield from ("/admin/", "/admin/attention/")
    for text in ("", "1", "step-7", "nightly", "%3E 1", "@a"):
        yield f"/admin/palette/?q={text}"
    for model in (Approval, Event, Task, TaskAttempt, WorkflowRun, WorkflowTemplate, Runner):
        ends = model.objects.order_by("pk")
        for row in (ends.first(), ends.last()):
            assert row
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_change"
            yield reverse(name, args=[row.pk])
            if isinstance(row, WorkflowTemplate):
                yield from (overview_url(row.pk, tab) for tab in (*TABS, "grid"))
    for runner in Runner.objects.all():
        yield reverse("admin:runners_runner_delete", args=[runner.pk])
    ids = WorkflowRun.objects.aggregate(first=Min("pk"), last=Max("pk"))
    for run in ids.values():
        yield from (f"/workflow-runs/{run}{more}" for more in ("", "/graph", "/explain"))
        yield from (compare_url(None, run), compare_url(ids["first"], run))
    task, event, approval = (model.objects.earliest("pk").pk for model in (Task, Event, Approval))
    yield from (f"/tasks/{task}", f"/tasks/{task}/log", f"/events/{event}")
    yield f"/approvals/{approval}"


@pytest.mark.postgres
def test_no_request_reads_more_rows_than_it_counts(client: Client) -> None:
    seen: set[str] = set()
    trouble = []
    for address in chain(console_lists(client), run_searches(), api_lists(client), pages()):
        with statements() as asked:
            answer = client.get(address)
            b"".join(answer) if answer.streaming else answer.content
        assert answer.status_code == HTTPStatus.OK, (address, answer.status_code)
        for statement in asked:
            if f"{statement}" in seen:
                continue
            seen.add(f"{statement}")
            for mode in MODES if statement[1] else MODES[:1]:
                rows, where = most_read(statement, mode=mode)
                if rows > MOST_READ:
                    trouble.append(f"{address}\n  {rows} rows, {mode}, {where}: {statement}")
    assert not trouble, "\n".join(trouble)
