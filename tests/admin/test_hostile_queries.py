"""Whatever stands behind the question mark of an address is answered, or refused by a sentence."""

import os
import random
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib import admin
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import UserFactory
from tests.support.drawing import DrawRun
from workflows.api.urls import router

MOST_STATEMENTS = 40
ROUNDS = int(os.environ.get("QUERY_ROUNDS", "150"))
SEED = int(os.environ.get("QUERY_SEED", "11"))
Queries = Callable[[], Iterator[tuple[str, str]]]
VALUES = [
    "", "%00", "x%00y", "x" * 3_000, "x%20" * 900, "x%20" * 20, "%25" * 900, "_" * 3_000,
    "9" * 30, "-1", "1" * 3_900, "1e400", "NaN", "inf", "0000-00-00", "0001-01-01", "9999-12-31",
    "10000-01-01", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00%2B23:59", "[]", "1,2,3",
    "'%22;--", "%F0%9F%92%A9", "%ED%A0%80", "%FF", "True", "null", "1.1.1." * 500, "(" * 500,
]  # fmt: skip
PARAMETERS = ("q", "p", "o", "e", "all", "_facets", "_popup", "_to_field", "template", "page", "id")
LOOKUPS = ("", "__exact", "__in", "__isnull", "__gte", "__lt", "__year", "__regex", "__id__exact")


@pytest.fixture
def client(db: None) -> Client:
    user = UserFactory.create(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(user)
    return client


def lists() -> Iterator[tuple[str, str]]:
    """Yield each list of the admin, with a parameter of each of its columns and filters."""
    registered: dict[Any, Any] = admin.site._registry
    for model, page in registered.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        filters = [getattr(each, "parameter_name", each) for each in page.list_filter]
        names = {each if isinstance(each, str) else str(each[0]) for each in filters}
        for name in (*PARAMETERS, *(f"{name}{lookup}" for name in names for lookup in LOOKUPS)):
            yield address, name


def filters() -> Iterator[tuple[str, str]]:
    """Yield each list of the API with each of its filters."""
    views: list[tuple[str, Any, str]] = router.registry
    for prefix, view, _ in views:
        if not hasattr(view, "filterset_class"):
            continue
        for name in (*view.filterset_class.base_filters, "limit", "offset", "ordering", "cursor"):
            yield f"/{prefix}", name


def assert_answered(client: Client, address: str) -> None:
    connection.queries_log.clear()  # it keeps 9,000, and warns about more
    # A value that PostgreSQL refuses ends no more than its request.
    before = transaction.savepoint()
    with CaptureQueriesContext(connection) as statements:
        answer: Any = client.get(address)
    transaction.savepoint_rollback(before)
    assert answer.status_code in {200, 302, 400}, (address[:200], answer.status_code)
    assert len(statements) <= MOST_STATEMENTS, address[:200]
    assert max((len(each["sql"]) for each in statements), default=0) < 60_000, address[:200]


def sample(queries: Iterator[tuple[str, str]]) -> list[str]:
    """Return some addresses with hostile values; all of them if QUERY_ROUNDS is 0."""
    every = [f"{path}?{name}={value}" for path, name in queries for value in VALUES]
    dice = random.Random(SEED)  # noqa: S311 (no secret)
    return dice.sample(every, ROUNDS) if ROUNDS else every


@pytest.mark.filterwarnings("ignore:DateTimeField")
@pytest.mark.parametrize("queries", [lists, filters])
def test_lists_answer_any_query(runs: DrawRun, client: Client, queries: Queries) -> None:
    runs("a > b", requires_approval=True)
    for address in sample(queries()):
        assert_answered(client, address)


@pytest.mark.parametrize(
    "query",
    [
        "created_at__year=99999999999999999999",
        "created_at__gte=0001-01-01T00:00:00%2B23:59",
        "id__exact=" + "9" * 30,
        "title__regex=(a|aa)%2B$",
        "state=%00",
        "q=" + "x+" * 2_000,
        "p=" + "9" * 30,
    ],
)
def test_query_that_no_database_can_answer_is_refused(client: Client, query: str) -> None:
    assert_answered(client, f"/admin/workflows/task/?{query}")


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B23:59", "9999-12-31T23:59:59-23:59"])
def test_moment_that_has_no_utc_is_refused_by_name(client: Client, moment: str) -> None:
    answer = client.get(f"/workflow-runs?created_at_after={moment}")
    assert answer.status_code == 400
    assert "created_at_after" in answer.json()


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("q=" + "x" * 20_000, "At most 20,000 characters may follow the ?"),
        ("q=" + "x+" * 21, "Search for at most 20 words."),
        ("&".join(["state=x"] * 101), "At most 100 parameters"),
        ("state=%00", "Null characters are not allowed."),
        ("title__regex=x", "Regular expressions are not available here."),
        ("created_at__year=" + "9" * 20, "A filter in the address has an impossible value."),
    ],
)
def test_query_without_measure_is_refused_by_a_sentence(
    client: Client, query: str, text: str
) -> None:
    page = client.get(f"/admin/workflows/task/?{query}")
    assert (page.status_code, page.headers["Content-Type"]) == (400, "text/plain")
    assert text in page.content.decode()


def test_long_query_of_the_api_is_refused_before_a_view_reads_it() -> None:
    answer = Client().get("/healthz?x=" + "x" * 20_000)
    assert answer.status_code == 400
    assert list(answer.json()) == ["query"]


@pytest.mark.parametrize("key", ["%00", "a%00b", "9" * 30, "x" * 3_000, "_5F", quote("'\"<")])
def test_pages_of_keys_that_no_row_has_are_not_found(client: Client, key: str) -> None:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"
        answer = client.get(f"{reverse(name)}{key}/change/", follow=True)
        assert answer.status_code in {200, 400, 403, 404}
