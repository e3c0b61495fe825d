"""`manage.py export_history`: JSON lines, and where they end."""

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.support.drawing import DrawRun
from tests.support.verbs import walk
from workflows.models import Event

pytestmark = pytest.mark.django_db


def export(*arguments: str) -> tuple[list[dict[str, Any]], str]:
    """Return the lines, and what is said about them."""
    out, err = io.StringIO(), io.StringIO()
    call_command("export_history", *arguments, stdout=out, stderr=err)
    return [json.loads(line) for line in out.getvalue().splitlines()], err.getvalue()


def test_lines_go_on_behind_the_cursor_that_is_printed(runs: DrawRun) -> None:
    walk(runs("a"), "a")
    last = Event.objects.latest("id").pk
    first, said = export("events", "--limit", "2")
    assert said == f"2 lines; cursor: {first[1]['cursor']}\n"
    rest, said = export("events", "--after", str(first[1]["cursor"]))
    assert said == f"{len(rest)} lines; cursor: {last}\n"
    assert [line["id"] for line in first + rest] == [
        *Event.objects.order_by("id").values_list("pk", flat=True)
    ]
    [run], said = export("runs", "-v", "0")
    assert (run["status"], said) == ("success", "")


def test_same_command_goes_on_with_its_file(runs: DrawRun, tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    runs("a")
    for _ in range(2):
        export("events", "--output", str(path))
        runs("a")
    assert path.read_text().count("\n") == 4
    assert export("events", "--output", str(path))[1].startswith("2 lines; cursor: ")


def test_wrong_options_are_one_line(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"choose from .*events.*, .*runs"):
        export("tasks")
    with pytest.raises(CommandError, match="'-1' is not the cursor of a line, a whole number"):
        export("events", "--after=-1")
    with pytest.raises(CommandError, match="after: No event has this id yet, the latest is "):
        export("events", "--after", "99999999")
    wanted = "; --output names a file in a folder that exists"
    for path, why in (
        (str(tmp_path / "nowhere" / "events.jsonl"), "No such file or directory"),
        ("/dev/full", "Invalid argument"),
    ):
        with pytest.raises(CommandError, match=f"^{path} cannot be written: {why}{wanted}$"):
            export("events", "--output", path)
