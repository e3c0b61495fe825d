"""A host's pages, answers, permissions and tables are as they were, with our apps in and out."""

import json
from itertools import takewhile
from typing import Any

import pytest

from tests.hosts.conftest import Host

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # packages are downloaded

BEFORE, SHOWN = 60, 300


def different(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return what differs, from a little before the first place on."""
    found = {}
    for key in sorted({*before, *after}):
        was, now = (json.dumps(each.get(key)) for each in (before, after))
        if was != now:
            same = takewhile(lambda pair: pair[0] == pair[1], zip(was, now, strict=False))
            place = max(0, len([*same]) - BEFORE)
            found[key] = was[place : place + SHOWN], now[place : place + SHOWN]
    return found


def test_host_with_our_apps_answers_as_before(host: Host) -> None:
    found = different(host.before, host.after)
    assert not found, json.dumps(found, indent=1)
    host.project.manage("check", "--fail-level", "WARNING")
    host.project.manage("makemigrations", "--check", "--dry-run")
