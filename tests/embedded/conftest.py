"""Databases for projects of others: of the kind that the tests run on."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import environ
import pytest

from tests.support.database import empty_database
from tests.support.embedded import EmbeddedProject

MakeProject = Callable[..., EmbeddedProject]
NewDatabase = Callable[[str], str]


@pytest.fixture
def new_database(tmp_path: Path) -> Iterator[NewDatabase]:
    """Make empty databases; return each as a line of settings."""
    with ExitStack() as databases:

        def make(alias: str) -> str:
            folder = tmp_path / f"database_{alias}"
            folder.mkdir()
            url = databases.enter_context(empty_database(folder))
            return f'DATABASES["{alias}"] = {environ.Env.db_url_config(url)!r}'

        yield make


@pytest.fixture
def project(tmp_path: Path, new_database: NewDatabase) -> MakeProject:
    """Make projects, without our apps yet, each on an empty database."""

    def make(settings: str = "") -> EmbeddedProject:
        made = EmbeddedProject(tmp_path, settings=new_database("default"))
        made.write("settings.py", settings)
        return made

    return make
