"""The lists of `make test` name tests that exist, and leave no test out everywhere."""

import re
from pathlib import Path

import pytest

from scripts.test import ONLY_ON_POSTGRESQL, ONLY_ON_SQLITE, SLOW_FOLDERS

TESTS = Path(__file__).parents[1]
NEEDS_POSTGRESQL = re.compile(r"(@|= \[?)pytest\.mark\.postgres")


def sources(*paths: str) -> dict[str, str]:
    """Return the texts of the test files at these paths."""
    places = [TESTS / path for path in paths]
    files = [file for place in places for file in (place, *place.rglob("test_*.py"))]
    return {str(file.relative_to(TESTS)): file.read_text() for file in files if file.is_file()}


@pytest.mark.parametrize("path", [*SLOW_FOLDERS, *ONLY_ON_SQLITE, *ONLY_ON_POSTGRESQL])
def test_path_in_a_list_of_the_suite_has_tests(path: str) -> None:
    assert sources(path)


def test_what_runs_on_sqlite_alone_does_not_need_postgresql() -> None:
    texts = sources(*ONLY_ON_SQLITE)
    assert [path for path, text in texts.items() if NEEDS_POSTGRESQL.search(text)] == []


def test_what_runs_on_postgresql_alone_does_not_need_sqlite() -> None:
    texts = sources(*ONLY_ON_POSTGRESQL)
    assert [path for path, text in texts.items() if 'vendor != "sqlite"' in text] == []


def test_nothing_is_left_out_on_both_databases() -> None:
    assert not sources(*ONLY_ON_SQLITE).keys() & sources(*ONLY_ON_POSTGRESQL).keys()
