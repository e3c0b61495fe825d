"""Who may do what with a template: the groups that have each permission, and its rules."""

from collections import defaultdict
from typing import Any

from django.contrib.auth.models import Group
from django.http import HttpRequest

from workflows.models import WorkflowTemplate
from workflows.sites import known_admin_url

ACTS = {
    "add_workflowrun": "Run it",
    "operate_workflowrun": "Pause, retry, cancel and abort its runs",
    "decide_approval": "Approve or reject its tasks",
    "change_workflowtemplate": "Change it",
    "delete_workflowtemplate": "Delete it",
}
"""What people do with a template, by the permission that it needs."""
MOST_STEPS = 20
"""How many of the steps that ask for an approval are named."""


def who_may(template: WorkflowTemplate, request: HttpRequest) -> dict[str, Any]:
    """Return the groups by what they may do, and the rules of approvals; two statements."""
    groups = defaultdict(list)
    having = Group.objects.filter(
        permissions__content_type__app_label="workflows", permissions__codename__in=ACTS
    )
    for name, codename in having.order_by("name").values_list("name", "permissions__codename"):
        groups[codename].append(name)
    gates = template.steps.filter(requires_approval=True).order_by("position")
    asking = list(gates.values_list("step_id", flat=True)[: MOST_STEPS + 1])
    return {
        "acts": [
            (label, groups[codename], request.user.has_perm(f"workflows.{codename}"))
            for codename, label in ACTS.items()
        ],
        "gates": asking[:MOST_STEPS],
        "more_gates": len(asking) > MOST_STEPS,
        "groups_url": known_admin_url("auth_group_changelist")
        if request.user.has_perm("auth.view_group")
        else None,
    }
