"""Four groups to put people into; what each may do can be changed in the admin afterwards."""

from django.contrib.auth.management import create_permissions
from django.db import migrations

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
ROLES = {
    "Observer": VIEW,
    "Operator": (*VIEW, "add_workflowrun", "operate_workflowrun"),
    "Approver": (*VIEW, "decide_approval"),
    "Author": (
        *VIEW,
        "add_workflowtemplate",
        "change_workflowtemplate",
        "delete_workflowtemplate",
    ),
}
APPS = ("workflows", "runners")


def make_roles(apps, schema_editor):
    using = schema_editor.connection.alias
    _make_permissions(apps, using)
    Group = apps.get_model("auth", "Group")
    Permission = apps.get_model("auth", "Permission")
    ours = Permission.objects.using(using).filter(content_type__app_label__in=APPS)
    for name, codenames in ROLES.items():
        group, _ = Group.objects.using(using).get_or_create(name=name)
        group.permissions.add(*ours.filter(codename__in=codenames))


def _make_permissions(apps, using):
    # Django makes them after the last migration, which is too late for this one.
    for label in APPS:
        config = apps.get_app_config(label)
        config.models_module = True
        create_permissions(config, apps=apps, using=using, verbosity=0)
        config.models_module = None


def remove_roles(apps, schema_editor):
    groups = apps.get_model("auth", "Group").objects.using(schema_editor.connection.alias)
    groups.filter(name__in=ROLES).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0002_secrets_and_versions"),
        ("runners", "0002_runner_secret_names"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [migrations.RunPython(make_roles, remove_roles)]
