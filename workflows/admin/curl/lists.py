"""A list of the console as a request: the filters that both have."""

from collections.abc import Mapping
from typing import Any

from django.http import QueryDict

from runners.models import Runner
from workflows.admin.curl.command import Call
from workflows.models import Approval, Event, Task, WorkflowRun, WorkflowTemplate

CREATED = {"created_at__gte": "created_at_after", "created_at__lt": "created_at_before"}
STATES = {"state__exact": "status", "state__in": "status"}
FILTERS: Mapping[Any, tuple[str, Mapping[str, str]]] = {
    WorkflowRun: (
        "workflowrun-list",
        {**STATES, **CREATED, "template__id__exact": "workflow_template_id", "q": "q"},
    ),
    Task: ("task-list", {**STATES, "run": "run_id", "step_id__exact": "step_id"}),
    Approval: (
        "approval-list",
        {**CREATED, "status": "status", "run": "run_id", "task": "task_id"},
    ),
    Event: (
        "event-list",
        {**CREATED, "event_type__exact": "event_type", "run": "run_id", "task": "task_id"},
    ),
    WorkflowTemplate: ("workflowtemplate-list", {}),
    Runner: ("runner-list", {"kind__exact": "kind"}),
}
"""The address of each list, and its filters by what they are called in the console."""
OF_PAGE = {"p", "o", "e", "all", "_facets"}
"""Which page, in which order: no filters."""


def call_of_list(model: Any, given: QueryDict) -> tuple[Call, list[str]]:
    """Return the request, and the filters of the console that it leaves out."""
    name, known = FILTERS[model]
    query: dict[str, list[str]] = {}
    left_out = []
    for key, values in given.lists():
        texts = [part for each in values for part in _parts(key, each) if part]
        if key in known and _is_value(model, texts):
            query.setdefault(known[key], []).extend(texts)
        elif texts and key not in OF_PAGE:
            left_out.append(f"{key}={','.join(texts)}")
    if model is Approval and "status" not in given:
        query["status"] = ["pending"]
    return Call(name, query=query), left_out


def _parts(key: str, value: str) -> list[str]:
    return value.split(",") if key.endswith("__in") else [value]


def _is_value(model: Any, texts: list[str]) -> bool:
    """Return True for what the API knows, too: two choices of approvals are the console's alone."""
    return bool(texts) and not (model is Approval and {"all", "apart"} & {*texts})
