"""
What the groups that came with the apps may do with schedules and webhooks.

A group is one of those if it has at least the permissions that it began with; others of the same
name, and those that have been cut since, are not touched.
"""

from importlib import import_module

from django.contrib.auth.management import create_permissions
from django.db import migrations, router

GROUPS = import_module("workflows.migrations.0019_workflow_groups").GROUPS
VIEW = ("view_schedule", "view_calendar", "view_occurrence", "view_webhook", "view_delivery")
ADDED = {
    "Workflow observer": VIEW,
    "Workflow operator": (*VIEW, "operate_schedule"),
    "Workflow approver": VIEW,
    "Workflow author": (
        *VIEW,
        *(
            f"{verb}_{model}"
            for model in ("schedule", "calendar", "webhook")
            for verb in ("add", "change", "delete")
        ),
    ),
}
APP = "workflow_triggers"


def give_permissions(apps, schema_editor):
    using = schema_editor.connection.alias
    Group = apps.get_model("auth", "Group")
    if router.allow_migrate_model(using, Group):  # else users and groups live in another database
        _make_permissions(apps, using)
        give(Group, apps.get_model("auth", "Permission"), using)


def give(Group, Permission, using):
    ours = Permission.objects.using(using).filter(content_type__app_label=APP)
    for group in _groups_of_ours(Group, using):
        group.permissions.add(*ours.filter(codename__in=ADDED[group.name]))


def take_permissions(apps, schema_editor):
    using = schema_editor.connection.alias
    Group = apps.get_model("auth", "Group")
    if router.allow_migrate_model(using, Group):
        permissions = apps.get_model("auth", "Permission").objects.using(using)
        ours = permissions.filter(content_type__app_label=APP)
        for group in _groups_of_ours(Group, using):
            group.permissions.remove(*ours.filter(codename__in=ADDED[group.name]))


def _groups_of_ours(Group, using):
    for group in Group.objects.using(using).filter(name__in=ADDED):
        ours = group.permissions.filter(content_type__app_label__in=("workflows", "runners"))
        if {*GROUPS[group.name]} <= {*ours.values_list("codename", flat=True)}:
            yield group


def _make_permissions(apps, using):
    # Django makes them after the last migration, which is too late for this one.
    config = apps.get_app_config(APP)
    config.models_module = True
    create_permissions(config, apps=apps, using=using, verbosity=0)
    config.models_module = None


class Migration(migrations.Migration):
    dependencies = [
        ("workflow_triggers", "0001_schedules_and_webhooks"),
        ("workflows", "0019_workflow_groups"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(give_permissions, take_permissions)]
