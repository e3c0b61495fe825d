"""Which backups are kept and which are removed."""

from pathlib import Path
from typing import Any

import pytest

from examples.functions import backup, folders


def make(parent: Path, day: int, *, verified: bool = True) -> str:
    """Create the folder of a backup; return its name."""
    folder = parent / f"2026-01-{day:02}_030000_000000"
    folder.mkdir()
    if verified:
        folders.write_json(folder / folders.VERIFIED, {})
    return folder.name


def left(parent: Path) -> list[str]:
    """Return the names of the remaining folders."""
    return sorted(path.name for path in parent.iterdir())


def test_the_newest_backups_are_kept(tmp_path: Path) -> None:
    names = [make(tmp_path, day) for day in range(1, 6)]
    assert backup.prune(str(tmp_path / names[-1]), keep=2)["removed"] == names[:3]
    assert left(tmp_path) == names[3:]


def test_unverified_backup_does_not_count_as_kept(tmp_path: Path) -> None:
    names = [make(tmp_path, day, verified=day not in {1, 4}) for day in range(1, 6)]
    assert folders.remove_old_backups(tmp_path, keep=2) == names[:2]
    assert left(tmp_path) == names[2:]


def test_all_backups_are_kept_while_too_few_are_verified(tmp_path: Path) -> None:
    names = [make(tmp_path, day, verified=False) for day in range(1, 4)]
    assert folders.remove_old_backups(tmp_path, keep=1) == []
    assert left(tmp_path) == names


def test_other_folders_are_not_removed(tmp_path: Path) -> None:
    (tmp_path / "2020-important").mkdir()
    newest = [make(tmp_path, day) for day in (1, 2)][-1]
    folders.remove_old_backups(tmp_path, keep=1)
    assert left(tmp_path) == ["2020-important", newest]


@pytest.mark.parametrize("keep", [0, -1, "many", "", 1.5, True])
def test_invalid_number_to_keep_removes_nothing(keep: Any, tmp_path: Path) -> None:
    name = make(tmp_path, 1)
    with pytest.raises(ValueError, match=r"keep: .* is not a whole number of at least 1"):
        backup.prune(str(tmp_path / name), keep=keep)
    assert left(tmp_path) == [name]
