"""The hosts, each made once: as it was, with our apps in it, and served."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect, sync_playwright

from tests.browser.conftest import FLAGS, LONGEST_WAIT_MS, REFUSED, WIDE, executable
from tests.hosts.kinds import BACK, KINDS, PLAIN, Kind
from tests.hosts.project import PASSWORD, Project
from tests.support.database import SERVER, empty_database
from tests.support.long import IS_LONG
from tests.support.packaged import install

ASKED_FOR = [*KINDS.values()] if IS_LONG else [BACK if SERVER.startswith("postgres") else PLAIN]


@dataclass
class Host:
    """A host with our apps in it."""

    kind: Kind
    project: Project
    before: dict[str, Any]
    """What it showed before."""
    after: dict[str, Any]
    """What it showed then with our apps in it, before anybody used them."""

    def look(self) -> dict[str, Any]:
        """Return what it shows and has."""
        api = ["api"] if self.kind.has_api else []
        said = self.project.look(self.kind.admin, self.kind.user, *api)
        return dict(json.loads(said.splitlines()[-1]))


@pytest.fixture(scope="session")
def wheel_python() -> Path:
    """Return the Python of an environment that has the wheel, with all that any host uses."""
    of_hosts = ["django-unfold", "celery[redis]"]
    return install("celery", "postgresql", "tokens", with_packages=of_hosts).python


@contextmanager
def made(kind: Kind, folder: Path, python: Path) -> Iterator[Host]:
    """Make a host as it was before, and look at it."""
    with empty_database(folder) as url:
        project = Project(folder, python, url)
        project.environment["DJANGO_SUPERUSER_PASSWORD"] = PASSWORD
        kind.make(project)
        host = Host(kind, project, before={}, after={})
        host.before = host.look()
        yield host


@pytest.fixture(scope="package", params=ASKED_FOR, ids=lambda kind: kind.name)
def host(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, wheel_python: Path
) -> Iterator[Host]:
    """Yield each host with our apps in it."""
    kind: Kind = request.param
    with made(kind, tmp_path_factory.mktemp(kind.name), wheel_python) as host:
        kind.put_in(host.project)
        host.after = host.look()
        yield host


@pytest.fixture
def page(host: Host) -> Iterator[Page]:
    """Serve the host and its local runner; yield a page on which nobody is logged in."""
    if not (path := executable()):
        pytest.skip("needs a browser: chromium on the PATH")
    complaints: list[str] = []
    with (
        host.project.served() as url,
        host.project.process("manage.py", "local_runner"),
        sync_playwright() as playwright,
    ):
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS.split())
        made = chromium.new_context(viewport=WIDE, base_url=url).new_page()
        made.set_default_timeout(LONGEST_WAIT_MS)
        expect.set_options(timeout=LONGEST_WAIT_MS)
        made.on("pageerror", lambda error: complaints.append(str(error)))
        made.on("console", lambda it: complaints.extend(complaint(it)))
        yield made
        chromium.close()
    assert complaints == []


def complaint(said: ConsoleMessage) -> list[str]:
    """Return what the console says, if it is wrong; the host has no icon, which is asked for."""
    is_wrong = said.type in {"error", "warning"} and not re.search(REFUSED, said.text)
    asked_by_itself = said.location["url"].endswith("/favicon.ico")
    return [f"{said.text} {said.location['url']}"] if is_wrong and not asked_by_itself else []


def log_in(page: Page, host: Host) -> None:
    """Log in at the admin of the host."""
    page.goto(host.kind.admin)
    page.locator('input[name="username"]').fill(host.kind.user)
    page.locator('input[name="password"]').fill(PASSWORD)
    page.locator('[type="submit"]').first.click()
    page.wait_for_url(f"**{host.kind.admin}")
