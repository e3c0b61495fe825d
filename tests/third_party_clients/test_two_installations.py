"""Two installations send tasks with the same number to one host: neither ends the other's."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.server import installation
from tests.contract.site import Site
from tests.support.database import migrated_file
from tests.support.host_runner import serving
from tests.support.keyed_host import KeyedHost


@contextmanager
def site_at(host: KeyedHost, database: Path) -> Iterator[Site]:
    """Serve an installation with a database of its own, whose default runner is the host."""
    shutil.copy(migrated_file(), database)
    with (
        installation(f"sqlite:///{database}") as made,
        httpx.Client(base_url=made.url, timeout=60) as http,
        httpx.Client(timeout=60) as outside,
    ):
        made.manage("createsuperuser", "--noinput", "--username=ada", "--email=ada@example.org")
        token = made.manage("create_api_token", "ada").split()[-1]
        http.headers["Authorization"] = f"Token {token}"
        site = Site(http, host, outside)
        site.post("/runners", name="host", kind="http", url=host.url, is_default=True)
        yield site


def dispatch_one(site: Site) -> dict[str, Any]:
    """Dispatch the one task of a new run; return what the host was handed."""
    template = site.make_template([{"step_id": "a", "title": "A"}])
    run = site.post("/workflow-runs", workflow_template_id=template)
    site.post(f"/workflow-runs/{run['id']}/dispatch-ready")
    return site.host.submissions[-1]


def call_back(site: Site, submission: dict[str, Any], entry: dict[str, Any]) -> int:
    return site.outside.post(
        submission["status_callback_url"],
        json={"status": entry["status"]},
        headers={"X-Runner-Token": entry["token"]},
    ).status_code


@pytest.mark.slow
def test_process_of_one_installation_does_not_end_the_task_of_the_other(tmp_path: Path) -> None:
    with (
        serving(KeyedHost()) as host,
        site_at(host, tmp_path / "first.sqlite3") as first,
        site_at(host, tmp_path / "second.sqlite3") as second,
    ):
        ours, theirs = dispatch_one(first), dispatch_one(second)
        numbers = {each["status_callback_url"].split("/")[-2] for each in (ours, theirs)}
        assert numbers == {"1"}

        assert call_back(second, theirs, host.end_process(theirs, "failed")) == 200
        assert second.get("/tasks/1")["status"] == "failed"
        assert first.post("/tasks/1/ask")["status"] == "running"
        assert first.post("/tasks/1/cancel")["status"] == "canceled"
        assert host.canceled == [ours["task_id"]]
