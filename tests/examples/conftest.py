"""The functions of the examples on the test's database, with committed rows."""

from pathlib import Path

import pytest

from examples.functions import backup
from tests.factories import RunFactory, UserFactory
from tests.management.conftest import started  # noqa: F401 (a fixture)
from tests.support import verbs

PROSE = "tab\there, 'quotes', back\\slash, new\nline, ünï 🎉, \\N"


@pytest.fixture
def rows(transactional_db: None) -> None:
    """Store rows of every kind, one of them with a difficult text, one table with deleted rows."""
    run = RunFactory.create(parameters={"text": PROSE, "number": 1.5})
    verbs.walk(run, "extract", "load")
    for _ in range(50):
        UserFactory.create(first_name="x" * 150)
    UserFactory.create().delete()


@pytest.fixture
def folder(rows: None, tmp_path: Path) -> Path:
    """Take a backup; return its folder."""
    return Path(backup.snapshot(directory=str(tmp_path / "backups"))["folder"])
