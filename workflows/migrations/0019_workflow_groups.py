"""
Four groups to put people into; what each may do can be changed in the admin afterwards.

No group that is there is touched, except those of 0.1.0 with permissions of ours alone: they get
the new names, and keep their members. Going back leaves all groups: people are in them.
"""

from django.contrib.auth.management import create_permissions
from django.db import migrations, router

VIEW = (
    "view_workflowtemplate",
    "view_templateversion",
    "view_workflowrun",
    "view_task",
    "view_taskattempt",
    "view_approval",
    "view_event",
    "view_runner",
)
GROUPS = {
    "Workflow observer": VIEW,
    "Workflow operator": (*VIEW, "add_workflowrun", "operate_workflowrun"),
    "Workflow approver": (*VIEW, "decide_approval"),
    "Workflow author": (
        *VIEW,
        "add_workflowtemplate",
        "change_workflowtemplate",
        "delete_workflowtemplate",
    ),
}
OLD_NAMES = {
    "Observer": "Workflow observer",
    "Operator": "Workflow operator",
    "Approver": "Workflow approver",
    "Author": "Workflow author",
}
APPS = ("workflows", "runners")


def make_groups(apps, schema_editor):
    using = schema_editor.connection.alias
    Group = apps.get_model("auth", "Group")
    if not router.allow_migrate_model(using, Group):
        return  # users and groups live in another database
    _make_permissions(apps, using)
    groups = Group.objects.using(using)
    _rename_groups(groups)
    permissions = apps.get_model("auth", "Permission").objects.using(using)
    ours = permissions.filter(content_type__app_label__in=APPS)
    for name, codenames in GROUPS.items():
        group, is_new = groups.get_or_create(name=name)
        if is_new:
            group.permissions.set(ours.filter(codename__in=codenames))


def _rename_groups(groups):
    for group in groups.filter(name__in=OLD_NAMES):
        new = OLD_NAMES[group.name]
        if _is_ours(group) and not groups.filter(name=new).exists():
            groups.filter(pk=group.pk).update(name=new)


def _is_ours(group):
    # A group without any permission is not known to be ours.
    others = group.permissions.exclude(content_type__app_label__in=APPS)
    return group.permissions.exists() and not others.exists()


def _make_permissions(apps, using):
    # Django makes them after the last migration, which is too late for this one.
    for label in APPS:
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, using=using, verbosity=0)
        config.models_module = None


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0018_run_again"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_groups, migrations.RunPython.noop)]
