"""The four groups that every installation begins with."""

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.core.management import call_command

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
PARTS = {"templatestep", "stepdependency", "taskdependency", "logpiece"}
"""Seen on the pages of what they are parts of."""

UNSEEN = {"presence", "lastlook", "counter", "runrecord"}
"""What processes tell each other; the dashboard, /readyz and `verify_run` say what follows."""

OWN = {
    "Observer": set(),
    "Operator": {"add_workflowrun", "operate_workflowrun"},
    "Approver": {"decide_approval"},
    "Author": {f"{verb}_workflowtemplate" for verb in ("add", "change", "delete")},
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


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_groups_are_created_and_deleted_by_their_migration() -> None:
    kept = Group.objects.create(name="Finance")

    call_command("migrate", "workflows", "0001", verbosity=0)
    assert list(Group.objects.all()) == [kept]

    call_command("migrate", "workflows", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == {*OWN, "Finance"}
    assert codenames("Observer") == {f"view_{model}" for model in VIEWED}
