"""The latest runs of a template as rows of a table."""

from typing import Any

from django.db.models import QuerySet

from workflows.admin.ui.display import badge, parameter_text, progress_bar, time_shown, took
from workflows.insight.durations import seconds_of_run, usual_of_runs
from workflows.models import RunState, WorkflowRun

MOST_PARAMETERS = 3
LONGEST_VALUE = 40


def run_rows(runs: QuerySet[WorkflowRun], most: int) -> list[dict[str, Any]]:
    """Return the latest of these runs, all of one template; two statements."""
    found = list(runs.defer("last_dispatch", "encrypted_secrets", "secrets").order_by("-pk")[:most])
    usual = usual_of_runs({run.template_id for run in found if run.template_id})
    return [
        {
            "run": run,
            "state": badge(run.state),
            "progress": progress_bar(run.task_counts),
            "took": _took(run, usual.get(run.template_id or 0)),
            "began": time_shown(run.started_at or run.created_at),
            "parameters": parameters_shown(run),
        }
        for run in found
    ]


def _took(run: WorkflowRun, usual: float | None) -> Any:
    return took(seconds_of_run(run) if run.state != RunState.CREATED else None, usual)


def parameters_shown(run: WorkflowRun) -> list[tuple[str, str]]:
    """Return the first parameters, each cut to a readable length."""
    given = [*given_parameters(run).items()][:MOST_PARAMETERS]
    return [(str(name), _short(value)) for name, value in given]


def given_parameters(run: WorkflowRun) -> dict[str, Any]:
    """Return the parameters; none if the row was damaged: a list shows it all the same."""
    return run.parameters if isinstance(run.parameters, dict) else {}


def _short(value: object) -> str:
    text = parameter_text(value)
    return text if len(text) <= LONGEST_VALUE else f"{text[:LONGEST_VALUE]}…"
