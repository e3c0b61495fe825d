"""
The creators of runs that wait for an approval are told apart as users.

Their names are compared from now on only where no user is known. Few runs wait for an approval, and
an index finds them; all others need no key.
"""

from collections import defaultdict

from django.contrib.auth import get_user_model
from django.db import migrations

USER = get_user_model()
BATCH = 5_000


def store_keys_of_creators(apps, schema_editor):
    """Give runs whose approver must differ the key of the user who created them by name."""
    using = schema_editor.connection.alias
    approvals = apps.get_model("workflows", "Approval").objects.using(using)
    approvals = approvals.filter(status="pending")
    gated = approvals.filter(task__run__approver_must_differ=True, task__run__created_by_user="")
    runs = defaultdict(set)
    for name, run in gated.values_list("task__run__created_by", "task__run").iterator():
        runs[name].add(run)
    for name, key in _users_named(apps, list(runs)):
        _store_key(apps, using, sorted(runs[name]), str(key))


def _users_named(apps, names):
    field = USER.USERNAME_FIELD
    users = apps.get_model(USER._meta.label)._default_manager
    for start in range(0, len(names), BATCH):
        found = users.filter(**{f"{field}__in": names[start : start + BATCH]})
        yield from found.values_list(field, "pk")


def _store_key(apps, using, runs, key):
    model = apps.get_model("workflows", "WorkflowRun")
    for start in range(0, len(runs), BATCH):
        batch = model.objects.using(using).filter(pk__in=runs[start : start + BATCH])
        batch.update(created_by_user=key)


class Migration(migrations.Migration):
    dependencies = [
        ("workflows", "0009_actors_and_presence"),
        migrations.swappable_dependency(USER._meta.label),
    ]
    operations = [migrations.RunPython(store_keys_of_creators, migrations.RunPython.noop)]
