"""Backups on disk: one folder each, named for the moment, complete once it holds a manifest."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

MANIFEST = "manifest.json"
CHECKSUMS = "SHA256SUMS"
VERIFIED = "verified.json"
NAME = "%Y-%m-%d_%H%M%S_%f"
NAMED = re.compile(r"\d{4}-\d\d-\d\d_\d{6}_\d{6}")


class DamagedError(Exception):
    """A backup is not what was taken; says which file, and what is wrong with it."""


def make_folder(parent: Path) -> Path:
    """Make the folder of a new backup; nobody else can read it."""
    folder = parent / datetime.now(UTC).strftime(NAME)
    folder.mkdir(parents=True, mode=0o700)
    return folder


def complete(folder: Path, manifest: dict[str, Any]) -> None:
    """Write the manifest and the checksums of all files; the backup counts from now on."""
    write_json(folder / MANIFEST, manifest)
    lines = [f"{sha256(path)}  {path.relative_to(folder)}\n" for path in _files(folder)]
    (folder / CHECKSUMS).write_text("".join(lines), encoding="utf-8")


def manifest_of(folder: Path) -> dict[str, Any]:
    """
    Return what was written when the backup was taken.

    :raises DamagedError: if the folder holds no backup.
    """
    try:
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as exc:
        raise DamagedError(f"{folder} holds no complete backup: {exc}") from exc
    return manifest


def check_checksums(folder: Path) -> dict[str, str]:
    """
    Read every file again, and return its checksum.

    :raises DamagedError: naming the files that are missing or have changed.
    """
    taken = _checksums(folder)
    now = {name: sha256(folder / name) for name in taken if (folder / name).is_file()}
    if wrong := [name for name in taken if now.get(name) != taken[name]]:
        raise DamagedError(f"missing or changed since the copy was taken: {', '.join(wrong)}")
    return now


def prune(parent: Path, *, keep: int) -> list[str]:
    """
    Remove what is older than the newest `keep` verified backups; return the names removed.

    Folders that are no backups of ours are left alone.
    """
    folders = sorted(path for path in parent.iterdir() if NAMED.fullmatch(path.name))
    verified = [path for path in folders if (path / VERIFIED).exists()]
    oldest_kept = verified[-keep:][:1]
    removed = [path for path in folders if oldest_kept and path < oldest_kept[0]]
    for path in removed:
        shutil.rmtree(path)
    return [path.name for path in removed]


def write_json(path: Path, data: Any) -> None:
    """Write data for people and programs."""
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def sha256(path: Path) -> str:
    """Return the checksum of a file, however large."""
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
