"""Every requirement is pinned and has its reason beside it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PINNED = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(\[[a-z,]+\])?==[^\s#*]+ +# \S.{9,}")
FILES = sorted(path.name for path in ROOT.glob("requirements*.txt"))
ASKED_FOR = {
    "django",
    "djangorestframework",
    "django-fsm-2",
    "psycopg",
    "pytest-django",
    "factory-boy",
}


def lines(file: str) -> list[str]:
    rows = (ROOT / file).read_text().splitlines()
    return [row for row in rows if row and not row.startswith(("#", "-r "))]


def names(file: str) -> list[str]:
    return [match["name"].lower() for row in lines(file) if (match := PINNED.fullmatch(row))]


@pytest.mark.parametrize("file", FILES)
def test_every_package_is_pinned_and_has_a_reason(file: str) -> None:
    assert [row for row in lines(file) if not PINNED.fullmatch(row)] == []


def test_no_package_is_named_twice() -> None:
    every = [name for file in FILES for name in names(file)]
    assert sorted(every) == sorted(set(every))


def test_packages_that_the_product_is_built_on_are_required() -> None:
    assert set(names("requirements.txt")) >= ASKED_FOR


def test_only_one_state_machine_is_installed() -> None:
    assert "django-fsm" not in names("requirements.txt")
