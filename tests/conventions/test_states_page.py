"""docs/states.md shows the states, transitions and events of the code."""

import ast
import inspect
import re
from pathlib import Path

import pytest
from django.db import models

from workflows.models import Approval, ApprovalStatus, EventType, RunState, Task, TaskState
from workflows.models import WorkflowRun as Run

PAGE = (Path(__file__).parents[2] / "docs" / "states.md").read_text()
STATES: dict[type[models.Model], type[models.TextChoices]] = {
    Task: TaskState,
    Run: RunState,
    Approval: ApprovalStatus,
}
TITLES: dict[type[models.Model], str] = {
    Task: "Tasks",
    Run: "Runs",
    Approval: "Readiness: dependencies, approvals, holds",
}


def section(model: type[models.Model]) -> str:
    return PAGE.partition(f"\n## {TITLES[model]}\n")[2].partition("\n## ")[0]


def sentences(states: type[models.TextChoices]) -> dict[str, str]:
    """Return the sentence that stands below each state in the code."""
    (body,) = ast.parse(inspect.getsource(states)).body
    assert isinstance(body, ast.ClassDef)
    lines = [ast.literal_eval(line.value) for line in body.body if isinstance(line, ast.Expr)]
    return dict(zip(states.values, lines[1:], strict=True))


def transitions(model: type[models.Model]) -> dict[tuple[str, str, str], str]:
    """Return the event of each declared transition, by source, target and name."""
    return {
        (found.source, str(found.target), found.name): str(found.custom["event"])
        for found in model._meta.get_field("state").get_all_transitions(model)  # type: ignore[union-attr]
    }


@pytest.mark.parametrize("model", STATES)
def test_states_are_listed_with_their_sentences(model: type[models.Model]) -> None:
    listed = re.findall(r"^\| `(\w+)` \| ([^|]*) \|$", section(model), re.MULTILINE)
    assert dict(listed) == sentences(STATES[model])


@pytest.mark.parametrize("model", [Task, Run])
def test_diagram_has_exactly_the_declared_transitions(model: type[models.Model]) -> None:
    drawn = re.findall(r"^ +(\w+) --> (\w+): (\w+)$", section(model), re.MULTILINE)
    assert sorted(drawn) == sorted(transitions(model))


@pytest.mark.parametrize("model", [Task, Run])
def test_transitions_are_listed_with_their_events(model: type[models.Model]) -> None:
    listed = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \|", section(model), re.MULTILINE)
    assert dict(listed) == {name: event for (*_, name), event in transitions(model).items()}


def test_page_names_exactly_the_event_types() -> None:
    named = set(
        re.findall(r"`((?:workflow_run|workflow_template|task|approval|dispatch)\.[a-z_]+)`", PAGE)
    )
    assert named == set(EventType.values)
