"""Backups on disk: one folder each, named after its time, complete once it has a manifest."""

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"
VERIFIED = "verified.json"
FOLDER_NAME_FORMAT = "%Y-%m-%d_%H%M%S_%f"
FOLDER_NAME = re.compile(r"\d{4}-\d\d-\d\d_\d{6}_\d{6}")


class DamagedError(Exception):
    """A backup is damaged; the message names the file and the problem."""


@contextmanager
def private_files() -> Iterator[None]:
    """Make files that only their owner may read; as a decorator, of a function that makes some."""
    before = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(before)


def make_folder(parent: Path) -> Path:
    """Create the folder of a new backup, readable by its owner only."""
    folder = parent / datetime.now(UTC).strftime(FOLDER_NAME_FORMAT)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def write_manifest(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest and the checksums of all files, which completes the backup."""
    write_json(folder / MANIFEST, manifest)
    lines = [f"{sha256(path)}  {path.relative_to(folder)}\n" for path in _files(folder)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def manifest_of(folder: Path) -> dict[str, Any]:
    """
    Return the manifest of a backup.

    :raises DamagedError: if the folder does not contain a complete backup.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise DamagedError(f"{folder} does not contain a complete backup: {exc}") from exc
    return manifest


def verify_checksums(folder: Path) -> dict[str, str]:
    """
    Read every file again and return its checksum.

    :raises DamagedError: naming the files that are missing or have changed.
    """
    expected = _checksums(folder)
    now = {name: sha256(folder / name) for name in expected if (folder / name).is_file()}
    if wrong := [name for name in expected if now.get(name) != expected[name]]:
        raise DamagedError(f"missing or changed since the backup: {', '.join(wrong)}")
    return now


def remove_old_backups(parent: Path, *, keep: int) -> list[str]:
    """
    Remove backups older than the newest `keep` verified ones; return their names.

    Other folders are not touched.
    """
    folders = sorted(path for path in parent.iterdir() if FOLDER_NAME.fullmatch(path.name))
    verified = [path for path in folders if (path / VERIFIED).exists()]
    oldest_kept = verified[-keep:][:1]
    removed = [path for path in folders if oldest_kept and path < oldest_kept[0]]
    for path in removed:
        shutil.rmtree(path)
    return [path.name for path in removed]


def write_json(path: Path, data: Any) -> None:
    """Write data as indented JSON."""
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """Return the checksum of a file, without loading it into memory."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _checksums(folder: Path) -> dict[str, str]:
    try:
        lines = (folder / CHECKSUMS).read_text(encoding="utf-8").splitlines()
    except OSError as exc:
        raise DamagedError(f"{folder} has no checksums: {exc}") from exc
    return {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
