"""CHANGELOG.md and the version of the code agree."""

import re
from pathlib import Path

import pytest

from orchestrator import __version__

CHANGELOG = (Path(__file__).parents[2] / "CHANGELOG.md").read_text()
VERSIONS = re.findall(r"^## \[([\d.]+)\] - (.+)$", CHANGELOG, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_its_top_version_is_that_of_the_code() -> None:
    version, released = VERSIONS[0]
    assert __version__ == (f"{version}.dev0" if released == "unreleased" else version)


@pytest.mark.parametrize(("version", "released"), VERSIONS[1:])
def test_every_earlier_version_has_its_date(version: str, released: str) -> None:
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", released), version


def test_every_section_is_one_of_keep_a_changelog() -> None:
    assert set(re.findall(r"^### (.+)$", CHANGELOG, re.MULTILINE)) <= KINDS
