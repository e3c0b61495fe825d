"""What Django finds by one name for all apps of a project is named after our app."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.packaged import ROOT

APPS = ("runners", "workflows")


def files_below(folder: str) -> Iterator[tuple[str, Path]]:
    """Yield the app and the path of each file in this folder of an app."""
    for app in APPS:
        home = ROOT / app / folder
        yield from ((app, path.relative_to(home)) for path in home.rglob("*") if path.is_file())


@pytest.mark.parametrize("folder", ["templates", "static"])
def test_templates_and_static_files_lie_in_a_folder_of_their_app(folder: str) -> None:
    assert [str(path) for app, path in files_below(folder) if path.parts[0] != app] == []


def test_libraries_of_template_tags_begin_with_the_name_of_their_app() -> None:
    # Of two with one name, Django takes the one of the last app: the project would lose its own.
    names = [(app, path.stem) for app, path in files_below("templatetags") if path.suffix == ".py"]
    assert names
    assert [name for app, name in names if not name.startswith((f"{app}_", "__"))] == []
