"""
Everything that a person can do to a run, read from the URL conf, the admin and the commands.

A new endpoint, action or command is tried by itself; if it acts on rows that are not known here, or
takes a body that is not, the table fails and names it.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.urls import reverse

from tests.api.endpoints import endpoints
from tests.gates.people import Person
from workflows.admin.actions.model_admin import OperableAdmin
from workflows.authoring.spec import plain
from workflows.authoring.store import spec_of
from workflows.models import Approval, Task, WorkflowRun, WorkflowTemplate
from workflows.runs.creation import create_task

Body = dict[str, Any]
NOT_BY_PERSONS = {"POST /runner/tasks/<int:pk>/status"}
ADMINISTRATION = {"runners"}
"""Who may change runners may execute what they like; no role here may."""
REASONS = {"reason": "because", "comment": "because", "labels": "team=data", "note": "because"}


@dataclass(frozen=True)
class Act:
    """One thing that a person can try; `do` returns True if it was let in."""

    name: str
    do: Callable[[Person], bool]
    kind: str = field(default="", compare=False)


def acts(run: WorkflowRun) -> list[Act]:
    """Return everything that can be tried on a run and around it."""
    return [*api_acts(run), *admin_acts(run)]


def api_acts(run: WorkflowRun) -> Iterator[Act]:
    """Yield every call of the API that is no GET, for each row that it may be about."""
    for endpoint in endpoints():
        method, path = endpoint.split(" ")
        first = path.split("/")[1]
        if method == "GET" or endpoint in NOT_BY_PERSONS or first in ADMINISTRATION:
            continue
        for row in _rows(run)[first] if "<int:pk>" in path else [None]:
            address = path.replace("<int:pk>", str(row.pk) if row else "")
            address = address.replace("<int:number>", "1")
            for bodies in _bodies(endpoint, run):
                yield Act(f"{endpoint} of {row}", _call(method, address, bodies), endpoint)


def _rows(run: WorkflowRun) -> dict[str, Sequence[Model]]:
    return {
        "workflow-runs": [run],
        "tasks": list(run.tasks.all()),
        "approvals": list(Approval.objects.filter(task__run=run)),
        "workflow-templates": [run.template] if run.template else [],
    }


def _call(method: str, address: str, bodies: Sequence[Body]) -> Callable[[Person], bool]:
    def do(person: Person) -> bool:
        for body in bodies:
            answer = person.api.generic(
                method, address, json.dumps(body), content_type="application/json"
            )
            assert answer.status_code < 500, answer.content
            if answer.status_code != 400:
                return answer.status_code < 300
        return False

    return do


def _bodies(endpoint: str, run: WorkflowRun) -> list[list[Body]]:
    """Return what to send: for each act the bodies of which the first that fits counts."""
    template = run.template
    if endpoint in {"POST /workflow-templates", "PUT /workflow-templates/<int:pk>"}:
        return [[_without_gates(template)]] if template else []
    if endpoint == "POST /workflow-runs" and template:
        alone = create_task(title="alone", requires_approval=True, by=run.creator)
        label = {"workflow_template_id": template.pk}
        return [[{**label, "initiated_by": "other"}], [{**label, "task_ids": [alone.pk]}]]
    if endpoint == "POST /tasks":
        return [[{"title": "alone", "requires_approval": True}]]
    if endpoint == "POST /workflow-runs/<int:pk>/retry":
        return [[{}], [{"include_canceled": True}]]
    if endpoint == "POST /workflow-runs/<int:pk>/label":
        return [[{"labels": {"team": "data"}}]]
    if endpoint == "POST /workflow-runs/<int:pk>/note":
        return [[{"note": "because"}]]
    if endpoint == "PATCH /workflow-runs/<int:pk>":
        return [[{"auto_dispatch": True}]]
    return [[{"reason": "because"}, {"comment": "because"}, {"limit": "all"}, {}]]


def _without_gates(template: WorkflowTemplate) -> Body:
    data = plain(spec_of(template))
    for step in data["steps"]:
        step.pop("requires_approval", None)
    return {**data, "approver_must_differ": False, "approval_lasts": "run"}


def admin_acts(run: WorkflowRun) -> Iterator[Act]:
    """Yield every operation that a page of the admin offers, for each row and for all of them."""
    rows: dict[type[Model], list[Any]] = {
        WorkflowRun: [run],
        Task: list(run.tasks.all()),
        Approval: list(Approval.objects.filter(task__run=run)),
    }
    for model, page in admin.site._registry.items():
        if isinstance(page, OperableAdmin) and page.operations:
            for operation in page.operations:
                for some in [*([row] for row in rows[model]), rows[model]]:
                    name = f"admin {operation.name} of {', '.join(map(str, some))}"
                    yield Act(name, _post(model, operation.name, some), f"admin {operation.name}")


def _post(model: type[Model], name: str, rows: Sequence[Any]) -> Callable[[Person], bool]:
    meta = model._meta
    address = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    data = {"action": name, "_selected_action": [row.pk for row in rows], "confirmed": "1"}

    def do(person: Person) -> bool:
        answer = person.admin.post(address, {**data, **REASONS})
        assert answer.status_code < 500
        return answer.status_code < 400

    return do
