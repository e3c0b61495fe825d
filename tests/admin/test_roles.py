"""The four groups that every installation begins with."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group

VIEWED = {
    "workflowtemplate",
    "templateversion",
    "workflowrun",
    "task",
    "taskattempt",
    "approval",
    "event",
    "runner",
}
PARTS = {
    "templatestep",
    "stepdependency",
    "taskdependency",
    "logpiece",
    "runlabel",
    "savedview",
    "templatepolicy",
    "operations",
}
"""Seen on the pages of what they are parts of; whoever sees runs sees and saves views of them."""

UNSEEN = {"presence", "lastlook", "counter", "runrecord"}
"""What processes tell each other; the dashboard, /readyz and `verify_run` say what follows."""

OWN = {
    "Workflow observer": set(),
    "Workflow operator": {"add_workflowrun", "operate_workflowrun"},
    "Workflow approver": {"decide_approval"},
    "Workflow author": {f"{verb}_workflowtemplate" for verb in ("add", "change", "delete")},
}


def codenames(group: str) -> set[str]:
    return set(Group.objects.get(name=group).permissions.values_list("codename", flat=True))


@pytest.mark.usefixtures("groups")
@pytest.mark.parametrize(("group", "own"), OWN.items())
def test_each_group_views_everything_and_has_its_own_permissions(group: str, own: set[str]) -> None:
    assert codenames(group) == {f"view_{model}" for model in VIEWED} | own


def test_every_model_is_viewable_or_part_of_a_viewable_one() -> None:
    models = {
        model._meta.model_name
        for label in ("workflows", "runners")
        for model in apps.get_app_config(label).get_models()
    }

    assert models == VIEWED | PARTS | UNSEEN
