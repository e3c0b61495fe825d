"""
Fixtures of the tests that look at the product through a real browser.

The site is served by a thread of the test, on the test's own database: a test makes its rows with
the factories and acts as runners do, while the page is open. Wait with `expect`, never sleep.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    ViewportSize,
    expect,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from tests.factories import UserFactory

NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-dev-shm-usage --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run"
)
WIDE: ViewportSize = {"width": 1440, "height": 900}
NARROW: ViewportSize = {"width": 768, "height": 900}
LONGEST_WAIT_MS = 15_000
"""Long enough for a busy machine; a wait ends as soon as its condition holds."""

REFUSED = r"responded with a status of (400|409) "
"""How Chromium reports a request that the server refused, as it should."""
NOTHING = r"(?!)"
"""A pattern that fits no text."""

Browse = Callable[..., Page]


def executable() -> str | None:
    """Return the browser of this machine, if it has one."""
    return os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session", autouse=True)
def own_static_files() -> Iterator[None]:
    """Let the site serve its static files: Django's handler does not know their versions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("django.contrib.staticfiles.handlers.StaticFilesHandler", lambda site: site)
        yield


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Start a browser for the tests of this folder."""
    if connection.vendor != "sqlite":
        pytest.skip("pages are looked at on SQLite; a database has no say in how they look")
    if not (path := executable()):
        pytest.skip("needs a browser: chromium on the PATH")
    with sync_playwright() as playwright, pytest.MonkeyPatch.context() as patch:
        # Playwright's loop runs in this thread, and Django takes the tests for its coroutines.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        expect.set_options(timeout=LONGEST_WAIT_MS)
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        yield chromium
        chromium.close()


@pytest.fixture
def browse(browser: Browser, live_server: LiveServer) -> Iterator[Browse]:
    """
    Open pages: `browse("/admin/", width=768, color_scheme="dark")`.

    Every error and warning in the console of a page fails the test, violations of the content
    security policy included, but for those that the test provokes: a pattern in `provoked`.
    `user` is logged in: by default ada, a superuser.
    """
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(
        path: str, *, user: User | None = None, viewport: ViewportSize = WIDE, **options: Any
    ) -> Page:
        provoked = options.pop("provoked", NOTHING)
        context = browser.new_context(viewport=viewport, base_url=live_server.url, **options)
        contexts.append(context)
        context.set_default_timeout(LONGEST_WAIT_MS)
        key = session_of(user or administrator())
        context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
        page = context.new_page()
        page.on("console", lambda message: complaints.extend(complaint(message, provoked)))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path, wait_until="load")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def complaint(message: ConsoleMessage, provoked: str) -> Iterator[str]:
    """Yield an error or a warning that nobody has provoked."""
    asked_by_itself = message.location["url"].endswith("/favicon.ico")
    expected = asked_by_itself or re.search(f"{REFUSED}|{provoked}", message.text)
    if message.type in {"error", "warning"} and not expected:
        yield message.text


def administrator() -> User:
    """Return the superuser ada."""
    found = User.objects.filter(username="ada").first()
    return found or UserFactory.create(username="ada", is_staff=True, is_superuser=True)


def session_of(user: User) -> str:
    """Log a user in; return the key of the session."""
    client = Client()
    client.force_login(user)
    return client.cookies["sessionid"].value
