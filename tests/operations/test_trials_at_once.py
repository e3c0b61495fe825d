"""Several processes try drafts at once, while others save and delete the template."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from runners.models import Runner
from tests.support.actors import who
from tests.support.rivals import rival_before
from tests.support.threads import at_once
from tests.support.verbs import attempt, finish, state, states
from workflows.audit.verify import verify_run
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template
from workflows.models import Event, TemplateVersion, WorkflowRun, WorkflowTemplate
from workflows.operations.trials import start_trial
from workflows.runs.trials import Draft

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

USES = {"command": ["echo", "{{ tasks.a.result.rows }} {{ params.day }}"]}
DATA: dict[str, Any] = {
    "name": "nightly",
    "parameters_schema": {"properties": {"day": {"type": "string"}}, "required": ["day"]},
    "steps": [
        {"step_id": "a", "title": "a", "payload": {"command": ["true"]}},
        {"step_id": "b", "title": "b", "depends_on": ["a"], "payload": USES},
    ],
}


def draft(template: WorkflowTemplate) -> Draft:
    return Draft(parse_template(DATA), template.pk, template.version)


def test_each_of_two_trials_of_one_draft_goes_its_own_way(local: Runner) -> None:
    template = create_template(parse_template(DATA))
    people = {"anna": "monday", "bob": "tuesday"}
    made = at_once(
        [
            partial(start_trial, draft(template), {"day": day}, by=who(name))
            for name, day in people.items()
        ]
    )

    assert [type(each) for each in made] == [WorkflowRun, WorkflowRun]
    for (name, day), run in zip(people.items(), made, strict=True):
        assert isinstance(run, WorkflowRun)
        assert states(run) == {"a": "dispatched", "b": "pending"}
        created = Event.objects.get(run=run, event_type="workflow_run.created")
        assert created.actor == name
        finish(run, "a", result={"rows": run.pk})
        assert attempt(run, "b").payload["command"] == ["echo", f"{run.pk} {day}"]
        finish(run, "b")
        assert (state(run), verify_run(run.pk)) == ("success", [])
    assert TemplateVersion.objects.count() == 1


@pytest.mark.parametrize("act", ["save", "delete"])
def test_template_that_is_saved_or_deleted_meanwhile_changes_nothing_of_a_trial(
    local: Runner, act: str
) -> None:
    template = create_template(parse_template(DATA))
    changed = parse_template({**DATA, "steps": DATA["steps"][:1]})
    acts: dict[str, Callable[[], object]] = {
        "save": partial(replace_template, template.pk, changed),
        "delete": template.delete,
    }

    with rival_before("INSERT", acts[act]) as rival:
        run = start_trial(draft(template), {"day": "monday"}, by=who("anna"))
    rival.result()

    assert states(run) == {"a": "dispatched", "b": "pending"}
    finish(run, "a", result={"rows": 7})
    finish(run, "b")
    assert (state(run), verify_run(run.pk)) == ("success", [])
    assert WorkflowTemplate.objects.filter(pk=template.pk).exists() == (act == "save")
