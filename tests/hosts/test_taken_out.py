"""A host out of which our apps are taken again is as it was, to the last row."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.hosts.conftest import ASKED_FOR, Host, made
from tests.hosts.kinds import Kind
from tests.hosts.test_as_before import different
from tests.support.long import long_only

pytestmark = [pytest.mark.slow, long_only]

START = """
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.operations import start_run
from workflows.models.actor import Actor

steps = [{"step_id": "a", "title": "A", "payload": {"command": ["true"]}}]
template = create_template(parse_template({"name": "t", "steps": steps}))
start_run(template_id=template.pk, by=Actor(name="host"), auto_dispatch=True)
"""


def rows(host: Host) -> list[Any]:
    """Return every row of the host's tables, but for who is logged in, and when."""
    dump = ("dumpdata", "--all", "--exclude", "sessions")
    found = json.loads(host.project.manage(*dump))
    for row in found:
        row["fields"].pop("last_login", None)
    return sorted(found, key=str)


@pytest.mark.parametrize("kind", ASKED_FOR, ids=lambda kind: kind.name)
def test_host_is_as_it_was(kind: Kind, tmp_path: Path, wheel_python: Path) -> None:
    with made(kind, tmp_path, wheel_python) as host:
        settings = tmp_path / "site_of_shop" / "settings.py"
        urls, admin = settings.with_name("urls.py"), tmp_path / "shop" / "admin.py"
        texts = {path: path.read_text() for path in (settings, urls, admin)}
        before = rows(host)

        kind.put_in(host.project)
        host.project.manage("shell", "-c", START)
        host.project.manage("run_workflow", "t")
        kind.take_out(host.project)
        for path, text in texts.items():
            path.write_text(text)

        found = different(host.before, host.look())
        assert not found, json.dumps(found, indent=1)
        assert rows(host) == before
