"""Static files of the standalone site, as browsers get them."""

import re
from collections.abc import Callable
from typing import NamedTuple

import pytest
from django.contrib.staticfiles import finders
from django.test import Client
from pytest_django import Settings

from orchestrator.static_files import version

YEAR = "max-age=31536000, public, immutable"
OTHER = "v-0123456789abcdef"
pytestmark = pytest.mark.django_db


class Answer(NamedTuple):
    status: int
    kept: str
    encoding: str
    body: bytes


Ask = Callable[..., Answer]


@pytest.fixture
def ask(client: Client) -> Ask:
    """Ask for a path, and read the answer to its end, which closes its file."""

    def get(path: str, **headers: str) -> Answer:
        response = client.get(path, headers=headers)
        kept, encoding = (response.get(name, "") for name in ("Cache-Control", "Content-Encoding"))
        return Answer(response.status_code, kept, encoding, response.getvalue())

    return get


def test_page_names_files_that_browsers_keep_for_a_year(ask: Ask) -> None:
    page = ask("/admin/login/").body.decode()
    addresses = set(re.findall(r'(?:href|src)="(/static/[^"]+)"', page))

    assert f"/static/v-{version()}/workflows/theme.css" in addresses
    assert {ask(address)[:2] for address in addresses} == {(200, YEAR)}


def test_what_a_module_imports_is_kept_as_long(ask: Ask) -> None:
    assert ask(f"/static/v-{version()}/workflows/times.js")[:2] == (200, YEAR)


def test_addresses_of_another_release_are_served_and_not_kept(ask: Ask) -> None:
    assert ask(f"/static/{OTHER}/workflows/theme.css")[:2] == (200, "no-cache")


@pytest.mark.parametrize("path", [f"{OTHER}/nothing.css", "v-12/workflows/theme.css"])
def test_what_is_no_file_is_not_found(ask: Ask, path: str) -> None:
    assert ask(f"/static/{path}").status == 404


def test_address_without_a_version_is_not_kept_long(ask: Ask) -> None:
    assert ask("/static/workflows/theme.css")[:2] == (200, "max-age=60, public")


def test_developers_get_plain_addresses(ask: Ask, settings: Settings) -> None:
    settings.DEBUG = True
    assert b'href="/static/workflows/theme.css"' in ask("/admin/login/").body


@pytest.mark.parametrize("path", ["/static/workflows/theme.css", "/admin/login/"])
def test_files_and_pages_are_compressed(ask: Ask, path: str) -> None:
    plain, sent = ask(path), ask(path, **{"Accept-Encoding": "gzip"})
    assert sent.encoding == "gzip"
    assert len(sent.body) < len(plain.body) / 2


def test_every_file_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    before, found = version(), list(finders.get_finders())
    monkeypatch.setattr(finders, "get_finders", lambda: found[:-1])
    assert version.__wrapped__() != before
