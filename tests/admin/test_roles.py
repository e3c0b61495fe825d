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

OWN = {
    "Observer": set(),
    "Operator": {"add_workflowrun", "operate_workflowrun"},
    "Approver": {"decide_approval"},
    "Author": {f"{verb}_workflowtemplate" for verb in ("add", "change", "delete")},
}


def codenames(group: str) -> set[str]:
    return set(Group.objects.get(name=group).permissions.values_list("codename", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize(("group", "own"), OWN.items())
def test_each_group_sees_everything_and_does_its_own(group: str, own: set[str]) -> None:
    assert codenames(group) == {f"view_{model}" for model in VIEWED} | own


def test_a_new_model_is_seen_or_a_part_of_one_that_is() -> None:
    models = {
        model._meta.model_name
        for label in ("workflows", "runners")
        for model in apps.get_app_config(label).get_models()
    }

    assert models == VIEWED | PARTS


@pytest.mark.django_db(transaction=True)
def test_the_groups_come_and_go_with_their_migration() -> None:
    kept = Group.objects.create(name="Finance")

    call_command("migrate", "workflows", "0001", verbosity=0)
    assert list(Group.objects.all()) == [kept]

    call_command("migrate", "workflows", verbosity=0)
    assert set(Group.objects.values_list("name", flat=True)) == {*OWN, "Finance"}
    assert codenames("Observer") == {f"view_{model}" for model in VIEWED}
