"""docs/states.md draws the state machines as they are."""

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


def arrows(model: type[models.Model]) -> dict[tuple[str, str, str], str]:
    """Return the event of each arrow of the code, by source, target and name."""
    return {
        (found.source, str(found.target), found.name): str(found.custom["event"])
        for found in model._meta.get_field("state").get_all_transitions(model)  # type: ignore[union-attr]
    }


@pytest.mark.parametrize("model", STATES)
def test_each_state_stands_there_with_its_sentence(model: type[models.Model]) -> None:
    told = re.findall(r"^\| `(\w+)` \| ([^|]*) \|$", section(model), re.MULTILINE)
    assert dict(told) == sentences(STATES[model])


@pytest.mark.parametrize("model", [Task, Run])
def test_the_drawing_has_exactly_the_arrows_of_the_code(model: type[models.Model]) -> None:
    drawn = re.findall(r"^ +(\w+) --> (\w+): (\w+)$", section(model), re.MULTILINE)
    assert sorted(drawn) == sorted(arrows(model))


@pytest.mark.parametrize("model", [Task, Run])
def test_each_arrow_stands_there_with_its_event(model: type[models.Model]) -> None:
    told = re.findall(r"^\| `(\w+)` \| `([\w.]+)` \|", section(model), re.MULTILINE)
    assert dict(told) == {name: event for (*_, name), event in arrows(model).items()}


def test_it_names_the_events_of_the_code_and_no_others() -> None:
    named = set(re.findall(r"`((?:workflow_run|task|approval|dispatch)\.[a-z_]+)`", PAGE))
    assert named == set(EventType.values)
