"""Taken out again, a project's database is what it was before."""

from collections.abc import Sequence

import pytest

from tests.embedded.conftest import MakeProject
from tests.embedded.test_databases import run_a_workflow
from tests.support.embedded import EmbeddedProject
from tests.support.long import long_only

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), long_only]

MODELS = """
from django.contrib.auth.models import AbstractUser
from django.db import models

class Member(AbstractUser):
    pass

class Order(models.Model):
    buyer = models.ForeignKey(Member, models.CASCADE)

class Club(models.Model):
    class Meta:
        db_table = "runners_club"
"""
PEOPLE = """
from django.contrib.auth.models import Group, Permission
from django.contrib.sessions.backends.db import SessionStore
from people.models import Member, Order
ada = Member.objects.create_superuser("ada", "ada@example.org", "secret")
Order.objects.create(buyer=ada)
clerks = Group.objects.create(name="Author")
clerks.permissions.add(Permission.objects.get(codename="add_order"))
Group.objects.create(name="Workflow approver")
ada.groups.add(clerks)
SessionStore().save()
"""
USED = """
from django.contrib.admin.models import ADDITION, LogEntry
from django.contrib.auth.models import Group, Permission
from people.models import Member
from workflows.models import WorkflowRun
ada = Member.objects.get()
ada.groups.add(Group.objects.get(name="Workflow observer"))
Group.objects.get(name="Author").permissions.add(Permission.objects.get(codename="view_workflowrun"))
ada.user_permissions.add(Permission.objects.get(codename="operate_workflowrun"))
LogEntry.objects.log_actions(ada.pk, WorkflowRun.objects.all(), ADDITION, "made it")
"""
DUMP = """
from django.db import connection
with connection.cursor() as cursor:
    for table in sorted(connection.introspection.table_names(cursor)):
        columns = connection.introspection.get_table_description(cursor, table)
        constraints = connection.introspection.get_constraints(cursor, table)
        print("table", table, [column.name for column in columns], sorted(constraints))
        cursor.execute(f'SELECT * FROM "{table}" ORDER BY 1')
        for row in cursor.fetchall():
            print(table, row)
"""


@pytest.fixture
def shop(project: MakeProject) -> EmbeddedProject:
    """Make a project with users, groups, a session and rows of its own."""
    made = project("AUTH_USER_MODEL = 'people.Member'")
    made.add_app("people", MODELS)
    made.manage("makemigrations", "people")
    made.manage("migrate")
    made.python(PEOPLE)
    return made


def install_and_use(shop: EmbeddedProject) -> EmbeddedProject:
    """Return the project with our apps, a run, and a person who used them."""
    shop.keep_lines()
    shop.install()
    shop.manage("migrate")
    run_a_workflow(shop)
    shop.python(USED)
    return shop


@pytest.mark.parametrize(
    "commands",
    [
        [["uninstall_workflows", "--tokens", "--yes"]],
        [
            ["migrate", "workflows", "zero"],
            ["migrate", "runners", "zero"],
            ["uninstall_workflows", "--tokens", "--yes"],
        ],
    ],
)
def test_database_is_as_before(shop: EmbeddedProject, commands: Sequence[Sequence[str]]) -> None:
    before = shop.python(DUMP)
    install_and_use(shop)
    with_us = shop.python(DUMP)

    said = shop.manage("uninstall_workflows", "--tokens")
    assert "would be removed: table workflows_workflowrun of database default, 1 rows" in said
    assert "would be removed: table knox_authtoken of database default, 0 rows" in said
    assert "runners_club" not in said
    assert "would be removed: 1 of admin.LogEntry" in said
    assert "would be removed: group Workflow observer" in said
    assert "stays: group Workflow approver, which has other permissions" in said
    assert "Nothing was changed. To remove it: uninstall_workflows --tokens --yes" in said
    assert shop.python(DUMP) == with_us

    shop.manage("create_api_token", "ada")  # knox's own migrations do not go back over a token

    for command in commands:
        shop.manage(*command)
    shop.take_lines_out()
    shop.manage("migrate")
    assert shop.python(DUMP) == before
