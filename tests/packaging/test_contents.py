"""The wheel and the source archive hold the two apps, whole, and nothing else."""

import posixpath
import re
import subprocess
import sys
import tarfile
from collections.abc import Iterable
from pathlib import Path
from zipfile import ZipFile

import pytest

from tests.support.packaged import ROOT, archived, built
from workflows import __version__

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # the build backend is downloaded

APPS = ("runners", "workflows")
BESIDE = {"CHANGELOG.md", "LICENSE", "PKG-INFO", "README.md", "hatch_build.py", "pyproject.toml"}
STATIC = "workflows/static/"
KINDS = {".css", ".html", ".js", ".py", ".svg", ".typed", ".yaml"}
BUNDLED = (".css", ".js")
NAMED = re.compile(r"""{% static ["'](workflows/[^"']+)""")
IMPORTED = re.compile(r"""(?:\bfrom|\bimport) ?"(\.[^"]+)\"""")
"""As the bundles write it."""


def in_tree() -> set[str]:
    """Return the files of the two apps in this tree."""
    files = {path for app in APPS for path in (ROOT / app).rglob("*") if path.is_file()}
    return {str(path.relative_to(ROOT)) for path in files if "__pycache__" not in path.parts}


def in_wheel(wheel: Path) -> set[str]:
    return {name for name in ZipFile(wheel).namelist() if ".dist-info/" not in name}


def in_archive() -> set[str]:
    """Return the files in the source archive, without the folder that they all lie in."""
    with tarfile.open(archived()) as archive:
        return {member.name.partition("/")[2] for member in archive if member.isfile()}


def of_apps(files: Iterable[str]) -> set[str]:
    return {file for file in files if file.startswith(tuple(f"{app}/" for app in APPS))}


def bundled(files: Iterable[str]) -> set[str]:
    return {file for file in files if file.startswith(STATIC) and file.endswith(BUNDLED)}


def test_wheel_has_each_file_of_the_apps_and_no_other_but_bundles() -> None:
    wheel, tree = in_wheel(built()), in_tree()
    assert wheel - bundled(wheel) == tree - bundled(tree)
    assert len(bundled(wheel)) < len(bundled(tree)) / 4


def test_wheel_has_each_file_that_a_page_names() -> None:
    pages = [(ROOT / name).read_text() for name in in_tree() if name.endswith(".html")]
    named = {STATIC + name for page in pages for name in NAMED.findall(page)}
    named |= {f"{STATIC}workflows/{name}" for name in ("console.js", "guest.css", "admin.css")}
    assert named - in_wheel(built()) == set()


def test_what_modules_share_stands_once_in_two_chunks() -> None:
    with ZipFile(built()) as wheel:
        modules = {name: wheel.read(name).decode() for name in bundled(wheel.namelist())}
    imported = {
        posixpath.normpath(posixpath.join(posixpath.dirname(name), path))
        for name, text in modules.items()
        for path in IMPORTED.findall(text)
        if name.endswith(".js")
    }
    chunks = {name for name in modules if "/chunks/" in name}
    assert imported == chunks
    assert len(chunks) == 2


def test_source_archive_has_the_apps_and_what_builds_them() -> None:
    files = in_archive()
    assert of_apps(files) == in_tree()
    assert files - of_apps(files) - {".gitignore"} == BESIDE


def test_apps_have_no_file_of_an_unknown_kind() -> None:
    assert {file for file in in_tree() if Path(file).suffix not in KINDS} == set()


def test_both_packages_say_that_they_are_typed() -> None:
    assert {f"{app}/py.typed" for app in APPS} <= in_wheel(built())


def test_wheel_carries_the_version_of_the_code() -> None:
    assert built().name == f"django_orchestrator-{__version__}-py3-none-any.whl"


def test_pip_builds_the_same_wheel_from_the_source_archive(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", str(tmp_path)]
    subprocess.run([*pip, str(archived())], cwd=tmp_path, check=True)
    assert in_wheel(tmp_path / built().name) == in_tree()
