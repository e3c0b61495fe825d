"""A file that grows by each export, whatever became of the export before."""

import fcntl
import json
from pathlib import Path

import pytest

from tests.support.drawing import DrawRun
from tests.support.verbs import walk
from workflows.errors import Conflict
from workflows.exports import files
from workflows.exports.files import append_history, last_cursor
from workflows.models import Event


def cursors(path: Path) -> list[int]:
    """Return the cursors of the lines of a file, in their order."""
    return [json.loads(line)["cursor"] for line in path.read_bytes().splitlines()]


@pytest.mark.django_db
def test_export_goes_on_behind_the_last_whole_line_wherever_it_was_cut(
    runs: DrawRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "BLOCK", 64)
    path = tmp_path / "events.jsonl"
    walk(runs("a"), "a")
    lines, cursor = append_history("events", path)
    whole = path.read_bytes()
    assert cursors(path) == [*Event.objects.order_by("id").values_list("pk", flat=True)]
    assert (lines, cursor) == (whole.count(b"\n"), Event.objects.latest("id").pk)
    assert path.stat().st_mode & 0o777 == 0o600
    assert append_history("events", path) == (0, cursor)
    for size in (*range(0, 700, 7), *range(len(whole) - 3, len(whole))):
        path.write_bytes(whole[:size])
        append_history("events", path)
        assert path.read_bytes() == whole, size


@pytest.mark.django_db
def test_new_file_begins_after_the_cursor_that_is_given(runs: DrawRun, tmp_path: Path) -> None:
    runs("a")
    first, cursor = tmp_path / "1.jsonl", append_history("events", tmp_path / "1.jsonl", limit=1)[1]
    assert append_history("events", tmp_path / "2.jsonl", after=cursor)[0] == 1
    assert append_history("events", first, after=cursor + 1)[0] == 1
    assert first.read_bytes().endswith((tmp_path / "2.jsonl").read_bytes())


@pytest.mark.django_db
def test_foreign_file_stays_as_it_is(runs: DrawRun, tmp_path: Path) -> None:
    walk(runs("a"), "a")
    path = tmp_path / "runs.jsonl"
    append_history("runs", path)
    (tmp_path / "notes").write_text("remember the milk\n")
    for name, other in (("events", path), ("runs", tmp_path / "notes")):
        before = other.read_bytes()
        with pytest.raises(Conflict, match=f"the last line of .* is not from an export of {name}"):
            append_history(name, other)
        assert other.read_bytes() == before


@pytest.mark.django_db
def test_two_exports_do_not_write_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pytest.raises(Conflict, match="another export writes to"):
            append_history("events", path)
    assert last_cursor("events", path) is None
