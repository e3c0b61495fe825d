"""
Whatever text is stored or sent, no page takes it for markup.

Models, columns, pages and forms are found, not listed: new ones are looked at, too.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, User
from django.db import connection
from django.forms import BaseForm
from django.test import Client
from django.urls import ResolverMatch, resolve
from knox.models import AuthToken
from pytest_django import Settings

from runners.forms import TextBoundField
from tests.factories import UserFactory
from tests.support.marked_site import store_markup
from tests.support.markup import (
    KEPT,
    MARK,
    SHORT_MARK,
    text_fields,
    unescaped,
    unescaped_in_json,
)
from tests.support.page_forms import PageReader
from tests.support.site_map import places
from workflows.models import WorkflowRun

pytestmark = pytest.mark.slow

ROLES = tuple(f"Workflow {who}" for who in ("observer", "operator", "approver", "author"))
NO_PAGES = {
    "text/plain",
    "text/javascript",
    "application/yaml",
    "application/vnd.oai.openapi+json",
}
"""What browsers show as text, or not at all."""
UNREACHED = {
    "admin/r/<path:content_type_id>/<path:object_id>/": "no model has a page outside of the admin",
    "admin/(?P<url>.*)$": "answers 404 to all other paths",
    "(?!admin(?:/|$))": "answers 404 to all other paths",
    **{
        f"{prefix}/": "answers 404 to all other paths"
        for prefix in (
            "workflow-templates", "workflow-runs", "tasks", "approvals", "events", "runners",
            "exports",
        )
    },
}  # fmt: skip
"""Patterns that answer 404 to everybody, each with the reason."""


@pytest.fixture
def _marked(busy: WorkflowRun, groups: None) -> None:
    """Store markup in every text of an installation with runs in all states."""
    for number, name in enumerate((*ROLES, "superuser")):
        user = UserFactory.create(
            username=name, is_staff=True, is_superuser=name == "superuser", pk=100 + number
        )
        user.groups.set(Group.objects.filter(name=name))
        AuthToken.objects.create(user)
    store_markup()


def client_of_user(name: str) -> Client:
    numbers = {role: 100 + number for number, role in enumerate((*ROLES, "superuser"))}
    client = Client(raise_request_exception=True)
    client.force_login(User.objects.get(pk=numbers[name]))
    return client


def assert_escaped(answer: Any, what: str) -> None:
    """Fail if a page shows markup as such, or if data could be taken for a page."""
    kind = answer.headers.get("Content-Type", "")
    if answer.status_code == 304 or not answer.content if not answer.streaming else True:
        return
    text = answer.content.decode()
    if kind.startswith("application/json"):
        assert not list(unescaped_in_json(json.loads(text))), what
    elif kind.startswith("text/html"):
        assert not unescaped(text), what
    else:
        assert kind.split(";")[0] in NO_PAGES, what
    assert answer.headers.get("X-Content-Type-Options") == "nosniff", what


class Visitor:
    """Opens the addresses of the site, and those that its pages link to."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.seen: set[Any] = set()
        self.reached: set[str] = set()

    def visit(self, address: str) -> Any:
        answer = self.client.get(address)
        self._note(address, answer)
        assert_escaped(answer, f"GET {address}")
        return answer

    def crawl(self) -> None:
        """Open every address, and those with a query that their pages link to, and send forms."""
        linked: list[str] = []
        last: dict[str, PageReader] = {}
        for place in places():
            for address in place.addresses:
                if page := self.read(address):
                    linked += self._with_query(address, page)
                    if address == place.addresses[-1]:
                        last[address] = page
        for address in linked:
            if page := self.read(address):
                self._send(address, page)
        # With markup in all fields; nothing of it is kept.
        for address, page in last.items():
            self._send(address, page)

    def read(self, address: str) -> PageReader | None:
        """Return the page behind an address, if there is one."""
        answer = self.visit(address)
        is_page = answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]
        return PageReader(answer.content.decode()) if is_page else None

    def call(self) -> None:
        """Send markup to every view that takes data, as a client of the API does."""
        for place in places():
            for address in place.addresses[:1]:
                for verb in ("post", "put", "patch", "delete"):
                    self._undone(address, verb, json.dumps({MARK: MARK}), "application/json")

    def _send(self, address: str, page: PageReader) -> None:
        for form in page.forms:
            target = form.action or address
            if form.method == "post" and "logout" not in target:
                for data in form.sent(MARK):
                    key = (
                        resolve(target.partition("?")[0].partition("#")[0]).view_name,
                        *sorted(map(str, data)),
                    )
                    chosen = data.get("action")
                    if (key, str(chosen)) not in self.seen:
                        self.seen.add((key, str(chosen)))
                        self._undone(target, "post", data)

    def _undone(self, address: str, verb: str, data: Any, kind: str = "") -> None:
        more = {"content_type": kind} if kind else {}
        undo = str(connection.savepoint())
        answer = getattr(self.client, verb)(address, data, follow=True, **more)
        self._note(address, answer)
        assert_escaped(answer, f"{verb} {address} {str(data)[:500]}")
        connection.savepoint_rollback(undo)

    def _note(self, address: str, answer: Any) -> None:
        if answer.status_code not in {404, 405}:
            self.reached.add(_match(address).route)

    def _with_query(self, address: str, page: PageReader) -> Iterator[str]:
        path = address.partition("?")[0]
        for form in page.forms:
            if form.method == "get":
                for name, values in form.choices.items():
                    yield from (f"{path}?{name}={value}" for value in {*values[:2], *values[-2:]})
        for link in page.links:
            of, _, query = link.partition("#")[0].partition("?")
            if query and (of or path).startswith("/") and self._is_new(of or path, query):
                yield f"{of or path}?{query}"

    def _is_new(self, path: str, query: str) -> bool:
        """Return True for the first address of a view with parameters of these names."""
        key = (_match(path).view_name, *sorted(part.partition("=")[0] for part in query.split("&")))
        is_new = key not in self.seen
        self.seen.add(key)
        return is_new


def _match(address: str) -> ResolverMatch:
    return resolve(address.partition("#")[0].partition("?")[0])


@pytest.mark.usefixtures("_marked")
@pytest.mark.parametrize("role", ROLES)
def test_no_page_of_a_role_takes_stored_text_for_markup(role: str) -> None:
    visitor = Visitor(client_of_user(role))
    for place in places():
        for address in place.addresses[-1:]:
            visitor.visit(address)


@pytest.mark.usefixtures("_marked")
@pytest.mark.timeout(600)
def test_no_page_takes_text_for_markup_and_every_url_is_reached() -> None:
    visitor = Visitor(client_of_user("superuser"))
    visitor.crawl()
    visitor.call()
    routes = {place.route.replace("^", "") for place in places()}
    assert routes - visitor.reached == UNREACHED.keys()


@pytest.mark.usefixtures("_marked")
@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize(
    "address", ["/{}", "/admin/{}", "/admin/{}/", "/tasks/{}", "/admin/?{}", "/events?{}={}"]
)
def test_error_pages_show_the_address_as_text(
    address: str, debug: bool, settings: Settings
) -> None:
    settings.DEBUG = debug
    for client in (client_of_user("superuser"), client_of_user("Workflow observer"), Client()):
        path = address.format(MARK, MARK)
        assert_escaped(client.get(path), path)
        forged = Client(enforce_csrf_checks=True, headers={"referer": f"http://x/{MARK}"})
        assert_escaped(forged.post("/admin/login/", {MARK: MARK}), path)


@pytest.mark.usefixtures("_marked")
def test_every_text_of_every_model_holds_markup() -> None:
    for model in apps.get_models():
        rows = list(model._base_manager.values())
        assert rows, f"{model._meta.label} has no row"
        for field in text_fields(model):
            texts = {str(row[field.attname]) for row in rows}
            short = SHORT_MARK[: (field.max_length or 99) - 6]
            assert any(MARK in text or short in text for text in texts), field


def test_columns_that_are_left_out_exist() -> None:
    for label in KEPT:
        model, _, name = label.rpartition(".")
        assert apps.get_model(model)._meta.get_field(name)


OF_DJANGO = {"LimitedLogin", "PasswordForm", "NewUserForm"}
"""Forms with texts of Django's own, such as the list of what a password must have."""


def test_every_form_of_ours_escapes_its_help_texts() -> None:
    ours = [
        form
        for form in _subclasses(BaseForm)
        if form.__module__.startswith(("workflows.", "runners.")) and form.__name__ not in OF_DJANGO
    ]
    assert len(ours) > 5
    assert {form.bound_field_class for form in ours} == {TextBoundField}


def _subclasses(of: type[Any]) -> Iterator[type[Any]]:
    for each in of.__subclasses__():
        yield each
        yield from _subclasses(each)
