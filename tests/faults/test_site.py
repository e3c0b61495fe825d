"""A site of real processes whose database hangs, and a run that somebody keeps locked."""

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import psycopg
import pytest

from tests.contract.server import Installation, installation
from tests.support.database import migrated_database
from tests.support.silent_proxy import SilentProxy, silent_proxy

pytestmark = [pytest.mark.slow, pytest.mark.postgres, pytest.mark.django_db]

LONGEST_S = 20.0
"""Far more than the 6 s of an idle machine; without limits, nothing is answered in a minute."""
CLIENTS = 16
USER = "from django.contrib.auth.models import User; User.objects.create_superuser('ada')"


class Site:
    """A site behind a proxy, with two runs."""

    def __init__(self, made: Installation, database_url: str, proxy: SilentProxy) -> None:
        """Create a user and the runs."""
        self.made, self.database_url, self.proxy = made, database_url, proxy
        made.manage("shell", "-c", USER)
        token = made.manage("create_api_token", "ada").split()[-1]
        self.headers = {"Authorization": f"Token {token}"}
        self.post("/workflow-templates", {"name": "x", "steps": [{"step_id": "a", "title": "a"}]})
        self.runs = [
            self.post("/workflow-runs", {"workflow_template_id": 1}).json()["id"] for _ in range(2)
        ]

    def post(self, path: str, body: object = None) -> httpx.Response:
        """Post something."""
        url = f"{self.made.url}{path}"
        return httpx.post(url, json=body or {}, headers=self.headers, timeout=60)

    def get(self, path: str) -> httpx.Response:
        """Read something."""
        return httpx.get(f"{self.made.url}{path}", headers=self.headers, timeout=60)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """Serve a site whose database may fall silent."""
    with (
        migrated_database(tmp_path) as url,
        silent_proxy(url) as proxy,
        installation(proxy.url) as made,
    ):
        yield Site(made, url, proxy)


Seen = dict[str, list[tuple[int, float]]]


def ask_all(seconds: float, **asks: Callable[[], httpx.Response]) -> Seen:
    """Ask again and again, each in a thread of its own; return each status and how long it took."""
    end, seen = time.monotonic() + seconds, defaultdict(list)

    def keep_asking(name: str) -> None:
        while time.monotonic() < end:
            began = time.monotonic()
            status = asks[name]().status_code
            seen[name.rstrip("0123456789")].append((status, time.monotonic() - began))

    threads = [threading.Thread(target=keep_asking, args=[name]) for name in asks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return seen


def statuses(seen: Seen, name: str) -> set[int]:
    """Return the statuses of what was asked."""
    return {status for status, _ in seen[name]}


def longest_s(seen: Seen, *names: str) -> float:
    """Return how long the longest of these took."""
    return max(took for name in names for _, took in seen[name])


def test_site_whose_database_is_silent_answers_and_comes_back_by_itself(site: Site) -> None:
    site.proxy.be_silent()
    readers = {f"read{n}": lambda: site.get("/workflow-runs/1") for n in range(CLIENTS)}
    health, ready = lambda: site.get("/healthz"), lambda: site.get("/readyz")
    seen = ask_all(6, health=health, ready=ready, **readers)
    assert statuses(seen, "read") == {503}
    assert statuses(seen, "ready") == {503}
    assert statuses(seen, "health") == {200}
    assert longest_s(seen, "health", "ready") < LONGEST_S
    site.proxy.speak()
    give_up_at = time.monotonic() + 15
    while site.get("/workflow-runs/1").status_code != 200:
        assert time.monotonic() < give_up_at
    assert site.get("/readyz").json() == {"status": "ready"}


def test_locked_run_takes_no_thread_from_the_others(site: Site) -> None:
    busy, other = site.runs
    with psycopg.connect(site.database_url) as somebody:
        somebody.execute("SELECT * FROM workflows_workflowrun WHERE id = %s FOR UPDATE", [busy])
        dispatch = {
            f"dispatch{n}": lambda: site.post(f"/workflow-runs/{busy}/dispatch-ready")
            for n in range(CLIENTS)
        }
        read, health = lambda: site.get(f"/workflow-runs/{other}"), lambda: site.get("/healthz")
        seen = ask_all(6, read=read, health=health, **dispatch)
        somebody.rollback()
    assert statuses(seen, "dispatch") == {503}
    assert statuses(seen, "read") == statuses(seen, "health") == {200}
    assert longest_s(seen, "read", "health") < LONGEST_S
    assert site.post(f"/workflow-runs/{busy}/dispatch-ready").status_code == 200
