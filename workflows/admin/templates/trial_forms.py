"""The form that tries a draft: its parameters, and for one step what others are taken to leave."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.db.models import F
from django.http import HttpRequest

from workflows.admin.runs.launch import PREFIX, LaunchForm, launch_form
from workflows.admin.ui.fields import JSONObjectFormField
from workflows.models import TaskAttempt, WorkflowRun, WorkflowTemplate
from workflows.models.attempt import Outcome
from workflows.runs.again import shown_parameters
from workflows.runs.trials import Draft, results_used

MOST_RUNS = 25
"""So many of the latest runs of the template are looked at for results."""
NOTHING = {"result": None, "exit_code": 0}
VIEW_RUN, VIEW_ATTEMPT = "workflows.view_workflowrun", "workflows.view_taskattempt"


@dataclass(frozen=True, slots=True)
class EarlierRun:
    """A run whose results may be used again."""

    run: WorkflowRun
    results: dict[str, Any]


def trial_form(draft: Draft) -> type[LaunchForm]:
    """Return the form of a draft: that of a launch, but for what only a saved template has."""
    made = launch_form(WorkflowTemplate(parameters_schema=draft.spec.parameters_schema))
    fields: dict[str, Any] = {"template": None, "labels": None}
    if draft.step_id and (used := sorted(results_used(draft))):
        fields["results"] = JSONObjectFormField(
            label=f"What {' and '.join(used)} left",
            widget=forms.Textarea(attrs={"rows": 6, "class": "json", "spellcheck": "false"}),
            help_text="The step works with this as what the steps before it have left. Edit it as "
            "you need it.",
        )
    meta = type("Meta", (LaunchForm.Meta,), {"fields": ()})
    return type("Trial", (made,), {**fields, "Meta": meta})


def earlier_runs(draft: Draft, request: HttpRequest) -> list[EarlierRun]:
    """Return the latest runs of the template in which the steps that are used succeeded."""
    used = results_used(draft) if draft.step_id else set()
    if not (used and draft.template_id and request.user.has_perms([VIEW_RUN, VIEW_ATTEMPT])):
        return []
    runs = WorkflowRun.objects.filter(template=draft.template_id).order_by("-pk")
    latest = {run.pk: run for run in runs.defer("last_dispatch")[:MOST_RUNS]}
    attempts = TaskAttempt.objects.filter(
        task__run__in=list(latest),
        task__step_id__in=used,
        outcome=Outcome.SUCCESS,
        number=F("task__attempt_count"),
    )
    left: dict[int, dict[str, Any]] = {}
    columns = ("task__run_id", "task__step_id", "result", "exit_code")
    for run_id, step_id, result, exit_code in attempts.values_list(*columns):
        left.setdefault(run_id, {})[step_id] = {"result": result, "exit_code": exit_code}
    return [EarlierRun(run, left[pk]) for pk, run in latest.items() if pk in left]


def beginning(draft: Draft, earlier: EarlierRun | None) -> dict[str, Any]:
    """Return what the form begins with: parameters and results of an earlier run, if there is."""
    known = earlier.results if earlier else {}
    results = {name: known.get(name, NOTHING) for name in sorted(results_used(draft))}
    if earlier is None:
        return {"results": results}
    given = shown_parameters(earlier.run, draft.spec.parameters_schema)
    values = {PREFIX + name: value for name, value in given.items()}
    return {**values, "parameters": given, "results": results}
