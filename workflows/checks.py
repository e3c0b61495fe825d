"""
System check: what a task state needs besides its line in `TaskState`.

`python manage.py check` names everything that a new state lacks, instead of an error at its first
task or a badge without a colour.
"""

import ast
import inspect
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from textwrap import dedent
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db.models import TextChoices

from workflows.admin.ui.display import IN_BAR
from workflows.insight.phrases import BROKEN_VERBS
from workflows.management.marks import MARKS
from workflows.models import TaskState, WorkflowRun
from workflows.models.task import ACTIVE, BROKEN, ENDED

STATIC = Path(__file__).parent / "static" / "workflows"
IS_BUNDLED = not (STATIC / "theme.css").exists()
"""The wheel has the files bundled under fewer names; they were checked before it was built."""
LOOKS = {
    "theme.css": ("--state-{}", ".badge-{}", ".icon-{}"),
    "icons.svg": ('symbol id="{}"',),
    "console.css": (".bar-{}",),
    "graph/graph.css": (".vertex.kind-{}",),
    "run/run.css": (".bar .kind-{}",),
    "run/graph_tools.js": ('"{}"',),
}
"""The lines that give a state its colour and its icon, by file below `static/workflows`."""
GROUPED = {TaskState.PENDING, *ACTIVE, *ENDED}
DRAWN = {TaskState.PENDING, *IN_BAR}
"""Pending tasks are the background of the bars and have no colour in lists."""
NO_LOOK_NEEDED = {("console.css", TaskState.PENDING)}


def check_task_states(
    app_configs: object = None, *, states: type[TextChoices] = TaskState, **_: Any
) -> list[CheckMessage]:
    """Name everything that a task state lacks."""
    return [
        Error(f"Task state '{state}' has no {what}.", hint=hint, obj=states, id="orchestrator.E008")
        for state in states.values
        for what, hint in lacking(state, states)
    ]


def lacking(state: str, states: type[TextChoices]) -> Iterator[tuple[str, str]]:
    """Yield what a state lacks, and what to do about it."""
    for what, hint, has in NEEDS:
        if not has(state):
            yield what, hint.format(state)
    if not sentences_of(states).get(state):
        yield "sentence", "Say what it means in a string below its line in the enumeration."
    for name, patterns in () if IS_BUNDLED else LOOKS.items():
        missing = [text for text in (p.format(state) for p in patterns) if not _has(name, text)]
        if missing and (name, state) not in NO_LOOK_NEEDED:
            yield f"look in {name}", f"Add {' and '.join(missing)} to static/workflows/{name}."


NEEDS: list[tuple[str, str, Callable[[str], bool]]] = [
    (
        "counter",
        "Add the field `{}_count` to WorkflowRun, and migrate.",
        lambda state: f"{state}_count" in {field.name for field in WorkflowRun._meta.fields},
    ),
    (
        "group",
        "Add it to ACTIVE, BROKEN or ENDED in workflows/models/task.py.",
        lambda state: state in GROUPED,
    ),
    (
        "mark in a terminal",
        "Add it to MARKS in workflows/management/marks.py.",
        lambda state: state in MARKS,
    ),
    (
        "part in the bars of runs",
        "Add it to IN_BAR in workflows/admin/ui/display.py.",
        lambda state: state in DRAWN,
    ),
    (
        "verb as a root cause",
        "Add it to BROKEN_VERBS in workflows/insight/phrases.py.",
        lambda state: state not in BROKEN or state in BROKEN_VERBS,
    ),
]
"""What may be missing, what to do about it, and how to recognize that it is there."""


def sentences_of(states: type[TextChoices]) -> dict[str, str]:
    """Return the string that stands below the line of each state, by state."""
    (body,) = ast.parse(dedent(inspect.getsource(states))).body
    found, name = {}, ""
    for line in body.body if isinstance(body, ast.ClassDef) else ():
        match line:
            case ast.Assign(targets=[ast.Name(id=name)]):
                pass
            case ast.Expr(value=ast.Constant(value=str(text))) if name:
                found[str(states[name].value)] = text
    return found


@cache
def _text_of(name: str) -> str:
    return (STATIC / name).read_text()


def _has(name: str, text: str) -> bool:
    """Return True if a file has this text, not only as the beginning of a longer name."""
    return bool(re.search(re.escape(text) + r"(?![\w-])", _text_of(name)))
