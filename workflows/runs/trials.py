"""
Trials: runs that try a draft, or one step of it, before anybody saves it.

The draft is checked as on saving, and its tasks are made of it; no template and no version is
written. A trial has no template, so it is in nothing that is said about the runs of a template.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import ValidationError

from runners import transaction
from workflows.authoring.checks import check_template, kinds_of_runners
from workflows.authoring.spec import StepSpec, TemplateSpec
from workflows.authoring.store import spec_of
from workflows.errors import Invalid
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor
from workflows.models.fields import check_json_object
from workflows.payloads.names import STEP_NAMES
from workflows.payloads.secrets import masked
from workflows.payloads.suggestions import suggested
from workflows.payloads.upstream import steps_used
from workflows.runs.creation import creator_columns, give_parameters

LONGEST_LABEL = 200
MOST_GIVEN = 65_536
"""Characters of the results that a tried step is given."""
TOO_LARGE = f"longer than {MOST_GIVEN:,} characters: leave out what the step does not use"
SHOWN = "contains the value of a secret parameter: use {{ params.name }} in the step instead"


@dataclass(frozen=True, slots=True)
class Draft:
    """What is tried: a template as somebody is drawing it."""

    spec: TemplateSpec
    template_id: int | None = None
    """The template that it would be saved as; None for a new one."""
    version: int | None = None
    """The version that it began with."""
    step_id: str = ""
    """The one step that is tried; empty: all are run."""
    results: dict[str, Any] | None = None
    """What other steps are taken to have left, by step id; for a trial of one step."""
    results_of: int | None = None
    """The run that these come from; they may have been edited since."""

    @property
    def steps(self) -> tuple[StepSpec, ...]:
        """The steps that are run; one that is tried alone waits for no other."""
        if not self.step_id:
            return self.spec.steps
        return tuple(
            replace(step, depends_on=()) for step in self.spec.steps if step.step_id == self.step_id
        )

    @property
    def label(self) -> str:
        """What the trial is called where runs have the name of their template."""
        what = f" (draft, step {self.step_id})" if self.step_id else " (draft)"
        return f"{self.spec.name[: max(0, LONGEST_LABEL - len(what))]}{what}"[:LONGEST_LABEL]

    def facts(self) -> dict[str, Any]:
        """Return what the run keeps of it."""
        facts = {
            "template_id": self.template_id,
            "version": self.version,
            "step_id": self.step_id or None,
            "results_of": self.results_of,
        }
        return facts if not self.step_id else {**facts, "results": self.results or {}}


@transaction.atomic
def create_trial(draft: Draft, parameters: dict[str, Any], *, by: Actor) -> WorkflowRun:
    """
    Create a run of a draft, or of one step of it; it goes on by itself.

    :raises Invalid: naming what is wrong with the draft, its parameters, or the given results.
    """
    check_draft(draft)
    spec = draft.spec
    run = WorkflowRun(
        template_name=draft.label,
        trial=draft.facts(),
        approver_must_differ=spec.approver_must_differ,
        approval_lasts=spec.approval_lasts,
        auto_dispatch=True,
        **creator_columns(by),
    )
    secrets = give_parameters(run, parameters, spec.parameters_schema)
    if draft.step_id:
        _check_results(draft, secrets.values())
    run.steps_to_make = draft.steps
    run.save()
    return run


def check_draft(draft: Draft) -> None:
    """
    Accept a draft that could be saved; where one step is tried, others may be wrong.

    :raises Invalid: naming what is wrong, or that there is no such step.
    """
    if not draft.steps:
        known = [step.step_id for step in draft.spec.steps]
        raise Invalid(
            {"step_id": [f"there is no step '{draft.step_id}'; {suggested(draft.step_id, known)}"]}
        )
    saved = _saved_before(draft.template_id)
    check_template(draft.spec, kinds_of_runners(), saved=saved, step_id=draft.step_id)


def _saved_before(template_id: int | None) -> TemplateSpec | None:
    """Return the template as it is saved: what is wrong with it already may be tried, too."""
    if template_id is None:
        return None
    template = WorkflowTemplate.objects.filter(pk=template_id).first()
    return spec_of(template) if template else None


def results_used(draft: Draft) -> set[str]:
    """Return the steps whose results the tried step uses."""
    return {name for step in draft.steps for name in steps_used(step.payload)}


def _check_results(draft: Draft, secrets: Collection[str]) -> None:
    given = draft.results or {}
    try:
        check_json_object(given)
    except ValidationError as exc:
        raise Invalid({"results": exc.messages}) from exc
    if wrong := list(_wrong_results(given, results_used(draft), secrets)):
        raise Invalid({"results": wrong})


def _wrong_results(
    given: dict[str, Any], used: Collection[str], secrets: Collection[str]
) -> Iterator[str]:
    for name in sorted(used - given.keys()):
        yield f"{name}: the step uses what '{name}' leaves: give it, or choose a run that has it"
    for name, left in given.items():
        if name not in used:
            yield f"{name}: the step does not use it; {suggested(name, sorted(used))}"
        elif not isinstance(left, dict) or {*left} - {*STEP_NAMES}:
            yield f"{name}: must be an object with no more than {', '.join(STEP_NAMES)}"
    if len(json.dumps(given, ensure_ascii=False)) > MOST_GIVEN:
        yield TOO_LARGE
    if masked(given, secrets) != given:
        yield SHOWN
