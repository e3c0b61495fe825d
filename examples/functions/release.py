"""The functions of release_check.yaml."""

import os
import secrets
import shutil
import tarfile
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import Distribution, distributions
from pathlib import Path
from typing import Any

from django.conf import settings

from examples.functions.folders import sha256, write_json
from runners.functions import task_function

# Files that an installation creates; above all, its secrets and data must not be archived.
LEFT_OUT_DIRECTORIES = {"var", "static-collected", "__pycache__"}
LEFT_OUT_SUFFIXES = {".pyc", ".sqlite3", ".sqlite3-journal", ".sqlite3-shm", ".sqlite3-wal"}
HIDDEN_BUT_SOURCE = {".ci", ".gitignore"}

Result = dict[str, Any]


@task_function("release.prepare")
def prepare(directory: str = "var/releases") -> Result:
    """Create a folder for this release, with a scratch folder in it."""
    moment = datetime.now(UTC)
    folder = settings.BASE_DIR / directory / f"{moment:%Y-%m-%d_%H%M%S_%f}"
    (folder / "scratch").mkdir(parents=True)
    print(f"The folder of the release is {folder}")
    return {
        "folder": str(folder),
        "scratch": str(folder / "scratch"),
        "revision": _current_commit(settings.BASE_DIR / ".git"),
        "made_at": moment.isoformat(timespec="seconds"),
        "throwaway_key": secrets.token_urlsafe(50),
    }


@task_function("release.licences")
def licences(folder: str) -> Result:
    """Write the inventory of the installed packages with the licences they state."""
    found = sorted(
        ({"name": d.name, "version": d.version, "licence": _licence(d)} for d in distributions()),
        key=lambda package: package["name"].lower(),
    )
    for package in found:
        print(f"{package['name']} {package['version']}: {package['licence']}")
    write_json(Path(folder) / "licences.json", found)
    return {
        "path": str(Path(folder) / "licences.json"),
        "packages": len(found),
        "licences": dict(Counter(package["licence"] for package in found).most_common()),
        "without": [package["name"] for package in found if package["licence"] == UNSTATED],
    }


@task_function("release.archive")
def archive(folder: str) -> Result:
    """Archive the sources and their checksums; the same sources produce the same archive."""
    name = "orchestrator"
    path = Path(folder) / f"{name}.tar"
    files = sorted(_sources(settings.BASE_DIR))
    manifest = {str(file): sha256(settings.BASE_DIR / file) for file in files}
    write_json(Path(folder) / "manifest.json", manifest)
    with tarfile.open(path, "w", format=tarfile.PAX_FORMAT) as tar:
        for file in files:
            tar.add(settings.BASE_DIR / file, f"{name}/{file}", filter=_without_owner)
    (Path(folder) / "SHA256SUMS").write_text(f"{sha256(path)}  {path.name}\n", encoding="utf-8")
    print(f"{len(files)} files, {path.stat().st_size:,} bytes: {path}")
    return {
        "name": name,
        "path": str(path),
        "files": len(files),
        "bytes": path.stat().st_size,
        "sha256": sha256(path),
    }


@task_function("release.report")
def write_release_report(release: Result, archive: Result, licences: Result) -> Result:
    """Write the report after all checks have passed, and remove the scratch folder."""
    shutil.rmtree(release["scratch"])
    path = Path(release["folder"]) / "report.md"
    path.write_text(
        "\n".join(_release_report_lines(release, archive, licences)) + "\n", encoding="utf-8"
    )
    print(f"Report: {path}")
    return {"path": str(path)}


def _release_report_lines(release: Result, archive: Result, licences: Result) -> Iterator[str]:
    yield f"# Release check of {release['made_at']}"
    yield ""
    yield f"Revision: {release['revision'] or 'unknown'}"
    yield ""
    yield "- Every Python source compiles."
    yield "- The settings pass Django's checks for production."
    yield "- Every model has its migration, and an empty database can be migrated."
    yield f"- `{archive['path']}` can be unpacked and starts: {archive['files']} files,"
    yield f"  {archive['bytes']:,} bytes, SHA-256 `{archive['sha256']}`."
    yield ""
    yield f"## Licences of the {licences['packages']} packages installed"
    yield ""
    yield "| licence, as stated by the package | packages |"
    yield "|---|---|"
    for licence, packages in licences["licences"].items():
        yield f"| {licence} | {packages} |"
    yield ""
    yield f"Without a statement: {', '.join(licences['without']) or 'none'}."


UNSTATED = "not stated"


def _licence(package: Distribution) -> str:
    """Return the licence that a package states: as SPDX expression, else as classifier."""
    about = package.metadata
    classified = [
        text.rpartition(" :: ")[2]
        for text in about.get_all("Classifier") or []
        if text.startswith("License :: ")
    ]
    stated = (about.get_all("License-Expression") or about.get_all("License") or [""])[0].strip()
    is_text = "\n" in stated or len(stated) > 100
    return (("" if is_text else stated) or " or ".join(classified) or UNSTATED).replace("|", "/")


def _sources(root: Path) -> Iterator[Path]:
    for directory, names, files in os.walk(root):
        names[:] = [name for name in names if _is_source(name) and name not in LEFT_OUT_DIRECTORIES]
        for file in filter(_is_source, files):
            path = Path(directory) / file
            if not path.is_symlink():
                yield path.relative_to(root)


def _is_source(name: str) -> bool:
    is_hidden = name.startswith(".") and name not in HIDDEN_BUT_SOURCE
    return not is_hidden and Path(name).suffix not in LEFT_OUT_SUFFIXES


def _without_owner(file: tarfile.TarInfo) -> tarfile.TarInfo:
    file.uid = file.gid = file.mtime = 0
    file.uname = file.gname = ""
    file.mode = 0o755 if file.mode & 0o100 else 0o644
    return file


def _current_commit(git: Path) -> str | None:
    """Return the current commit by reading .git: git may not be installed."""
    try:
        head = (git / "HEAD").read_text().strip()
        return (git / head.removeprefix("ref: ")).read_text().strip() if " " in head else head
    except OSError:
        return None
