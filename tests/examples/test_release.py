"""The functions of the release check."""

import json
import tarfile
from importlib.metadata import version
from pathlib import Path

import pytest
from pytest_django import Settings

from examples.functions import release


@pytest.fixture
def checkout(tmp_path: Path, settings: Settings) -> Path:
    """Return a small checkout with files that an installation creates."""
    root = tmp_path / "checkout"
    for name in (
        *["manage.py", "app/models.py", ".gitignore", ".ci/run"],
        *[".secret_key", ".env", "db.sqlite3", "db.sqlite3-wal", "app/__pycache__/models.pyc"],
        *[".venv/bin/python", "var/backups/dump.copy", ".git/HEAD"],
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    (root / "link").symlink_to("/etc/passwd")
    settings.BASE_DIR = root
    return root


def test_archive_contains_the_sources_and_no_secret(checkout: Path, tmp_path: Path) -> None:
    made = release.archive(str(tmp_path))
    with tarfile.open(made["path"]) as tar:
        names = tar.getnames()
    sources = [".ci/run", ".gitignore", "app/models.py", "manage.py"]
    assert names == [f"orchestrator/{name}" for name in sources]
    assert list(json.loads((tmp_path / "manifest.json").read_text())) == sources
    assert (tmp_path / "SHA256SUMS").read_text() == f"{made['sha256']}  orchestrator.tar\n"


def test_same_sources_produce_the_same_archive(checkout: Path, tmp_path: Path) -> None:
    first = release.archive(str(tmp_path))["sha256"]
    (checkout / "manage.py").touch()
    assert release.archive(str(tmp_path))["sha256"] == first
    (checkout / "manage.py").write_text("changed")
    assert release.archive(str(tmp_path))["sha256"] != first


def test_every_package_is_in_the_inventory_with_its_licence(tmp_path: Path) -> None:
    found = release.licences(str(tmp_path))
    inventory = {
        package["name"]: package for package in json.loads(Path(found["path"]).read_text())
    }
    assert inventory["Django"] == {
        "name": "Django",
        "version": version("django"),
        "licence": "BSD-3-Clause",
    }
    assert sum(found["licences"].values()) == found["packages"] == len(inventory)


def test_the_revision_is_the_commit_that_is_checked_out(checkout: Path) -> None:
    git = checkout / ".git"
    (git / "HEAD").write_text("ref: refs/heads/main\n")
    assert release.prepare(str(checkout))["revision"] is None
    (git / "refs/heads").mkdir(parents=True)
    (git / "refs/heads/main").write_text("0123abc\n")
    assert release.prepare(str(checkout))["revision"] == "0123abc"
