"""Mistakes in files: the command names the file and the field, and what to write instead."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

STEP = "\n- step_id: a\n  title: A\n"
MISTAKES: list[tuple[str, str | bytes, str, str]] = [
    # the name of the file, its content, how the message names what is wrong, the remedy
    ("t.yaml", "", "t.yaml: it is empty", "a template has a name and steps"),
    ("t.yaml", "name: Größe".encode("latin-1"), "t.yaml: it is not text in UTF-8", "save it as"),
    ("t.yaml", f"name: t\nsteps:{STEP}  enabled: yes\n", "line 5", 'write true, false or "yes"'),
    ("t.yaml", f"name: t\nname: u\nsteps:{STEP}", "line 2", "duplicate key 'name'"),
    ("t.yaml", f"name: t\nsteps:{STEP}---\nname: u\n", "line 5", "keep one"),
    ("t.yaml", f"name: t\nsteps: &x{STEP}x: *x\n", "aliases (*x)", "write the value out"),
    ("t.yaml", "name: t: u\n", "line 1", "put a text with a colon in quotes"),
    ("t.yaml", "name: t\n steps: []\n", "line 2", "indent a line as those around it"),
    ("t.yaml", "name: *.txt\n", "line 1", "a text that begins with * or & in quotes"),
    ("t.yaml", "name: @t\n", "line 1", "a text that begins with @, ` or % in quotes"),
    ("t.yaml", 'name: "t\n', "line 2", "a quote is not closed"),
    ("t.yaml", "steps:\n- step_id: a\n title: A\n", "line 3", "indented differently"),
    ("t.yaml", "a text", "t.yaml: A template", "an object with a name and steps"),
    ("t.yaml", "name: t\nsteps: dump\n", "list of steps: 'dump'", "write a list"),
    ("t.yaml", "name: t\nsteps:\n- dump\n", "step number 1: 'dump'", "write an object"),
    ("t.yaml", f"name: 7\nsteps:{STEP}", "name: 7", 'put it in quotes: "7"'),
    ("t.yaml", f"name: t\nstepps: 1\nsteps:{STEP}", "stepps: Unknown field", "did you mean steps?"),
    ("t.yaml", f"name: t\nsteps:{STEP}  timeout_seconds: 1h\n", "timeout_seconds: '1h'", "number"),
    ("t.yaml", f"name: t\nsteps:{STEP}  depends_on: b\n", "depends_on: 'b'", "write a list"),
    ("t.json", '{"name": "t",x: 1}', "t.json: line 1, column 14", "double quotes"),
    ("t.json", '{"name": NaN}', "t.json: NaN", "not a number in JSON"),
    ("t.json", '{"schemaVersion": "1.5", "workflow": {}}', "workflow: specification", "required"),
    ("t.json", '{"schemaVersion": "1.2", "workflow": {}}', "schemaVersion", "'1.5' was expected"),
]


@pytest.mark.parametrize(("name", "content", "place", "remedy"), MISTAKES)
def test_mistake_is_answered_with_file_place_and_remedy(
    tmp_path: Path,
    unchanged: Callable[[], bool],
    name: str,
    content: str | bytes,
    place: str,
    remedy: str,
) -> None:
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())

    with pytest.raises(CommandError) as refused:
        call_command("import_workflow", str(file))

    text = str(refused.value)
    assert text.startswith(str(file))
    assert place in text
    assert remedy in text
    assert refused.value.returncode == 1
    assert unchanged()


def test_messages_about_a_value_repeat_only_its_beginning(site: Any, tmp_path: Path) -> None:
    file = tmp_path / "t.yaml"
    file.write_text(f"name: t\nsteps:{STEP}  depends_on: {'x' * 5_000}\n")

    with pytest.raises(CommandError, match=r"depends_on: 'x{50,60}…") as refused:
        call_command("import_workflow", str(file))

    assert len(str(refused.value)) < 300
