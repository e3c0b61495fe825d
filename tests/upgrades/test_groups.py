"""The groups of the roles: no migration touches a group that was there, or deletes one."""

from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path

import pytest
from django.apps.registry import Apps
from django.contrib.auth.models import Group, Permission, User
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from tests.factories import UserFactory
from tests.support.projects import manage_with
from tests.upgrades.conftest import to_latest

# All migrations, there and back: one that is cut off leaves the tests after it an old database.
pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(600),
    pytest.mark.django_db(transaction=True),
]

NEW = {f"Workflow {who}" for who in ("observer", "operator", "approver", "author")}
OLD = {
    "Observer": ("view_workflowrun",),
    "Operator": ("view_workflowrun", "operate_workflowrun"),
    "Approver": ("view_workflowrun", "decide_approval"),
    "Author": ("view_workflowrun", "add_workflowtemplate"),
}
"""The groups that 0.1.0 made, each with some of its permissions."""
HOST = """
from orchestrator.settings import *
from pathlib import Path

def database(name):
    return {**DATABASES["default"], "NAME": Path(__file__).with_name(name)}

DATABASES = {"default": database("default.sqlite3"), "other": database("other.sqlite3")}
"""
MAKE_AUTHORS = """
from django.contrib.auth.models import Group, Permission, User
novelists = Group.objects.using("other").create(name="Author")
novelists.permissions.add(Permission.objects.using("other").get(codename="view_user"))
novelists.user_set.add(User.objects.using("other").create(username="iris"))
Group.objects.using("other").create(name="Operator")
Group.objects.using("other").create(name="Workflow author")
"""
SHOW_GROUPS = """
from django.contrib.auth.models import Group
for group in Group.objects.using("other").order_by("name"):
    permissions = group.permissions.count()
    print(group.name, permissions, *group.user_set.values_list("username", flat=True), sep=",")
"""


def make_group(name: str, codenames: Iterable[str], *members: str) -> Group:
    group = Group.objects.create(name=name)
    group.permissions.set(Permission.objects.filter(codename__in=codenames))
    group.user_set.set([UserFactory.create(username=member) for member in members])
    return group


def groups() -> set[str]:
    return set(Group.objects.values_list("name", flat=True))


def codenames(group: str) -> set[str]:
    return set(Permission.objects.filter(group__name=group).values_list("codename", flat=True))


def members(group: str) -> list[str]:
    return list(User.objects.filter(groups__name=group).values_list("username", flat=True))


@pytest.fixture
def released() -> None:
    """Have the groups of 0.1.0, in place of those of now."""
    Group.objects.all().delete()
    for name, permissions in OLD.items():
        make_group(name, permissions, name.lower())


def upgrade() -> None:
    """Do what the migration does."""
    migration = import_module("workflows.migrations.0019_workflow_groups")
    models = MigrationExecutor(connection).loader.project_state().apps
    with connection.schema_editor() as editor:
        migration.make_groups(models, editor)


@pytest.mark.usefixtures("released")
def test_groups_of_the_first_release_are_renamed_with_members_and_permissions() -> None:
    upgrade()

    assert groups() == NEW
    for name, permissions in OLD.items():
        assert members(f"Workflow {name.lower()}") == [name.lower()]
        assert codenames(f"Workflow {name.lower()}") == {*permissions}


@pytest.mark.usefixtures("released")
def test_group_with_a_permission_of_others_keeps_its_name() -> None:
    authors = Group.objects.get(name="Author")
    authors.permissions.add(Permission.objects.get(codename="change_user"))

    upgrade()

    assert groups() == {*NEW, "Author"}
    assert codenames("Author") == {*OLD["Author"], "change_user"}
    assert (members("Author"), members("Workflow author")) == (["author"], [])
    assert "delete_workflowtemplate" in codenames("Workflow author")


@pytest.mark.usefixtures("released")
def test_group_without_permissions_keeps_its_name() -> None:
    Group.objects.get(name="Author").permissions.clear()

    upgrade()

    assert groups() == {*NEW, "Author"}
    assert (codenames("Author"), members("Author")) == (set(), ["author"])


@pytest.mark.usefixtures("released")
def test_group_that_has_the_new_name_is_not_touched() -> None:
    make_group("Workflow author", ["change_user"], "iris")

    upgrade()

    assert groups() == {*NEW, "Author"}
    assert (codenames("Workflow author"), members("Workflow author")) == ({"change_user"}, ["iris"])
    assert (codenames("Author"), members("Author")) == ({*OLD["Author"]}, ["author"])


def test_going_back_to_nothing_and_forward_keeps_every_group() -> None:
    Group.objects.all().delete()
    make_group("Author", ["view_user"], "iris")
    make_group("Workflow author", ["view_workflowrun"], "ada")

    try:
        MigrationExecutor(connection).migrate([("workflows", None)])
        assert groups() == {"Author", "Workflow author"}
    finally:
        to_latest()

    assert groups() == {*NEW, "Author"}
    assert (members("Author"), codenames("Author")) == (["iris"], {"view_user"})
    assert codenames("Workflow author") == {"view_workflowrun"}
    assert members("Workflow author") == ["ada"]


def test_first_release_with_rows_gets_the_new_groups(first_release: Apps) -> None:
    Group.objects.all().delete()

    to_latest()

    assert groups() == NEW
    assert codenames("Workflow operator") > {"add_workflowrun", "operate_workflowrun"}


@pytest.fixture
def manage(tmp_path: Path) -> Callable[..., str]:
    """Call commands of a project that has two databases."""
    (tmp_path / "host_settings.py").write_text(HOST)
    return manage_with("host_settings", tmp_path, "default.sqlite3")


def test_project_with_own_groups_in_its_second_database_keeps_them(
    manage: Callable[..., str],
) -> None:
    other = ("--database", "other", "-v", "0")
    manage("migrate", "-v", "0")
    manage("migrate", "auth", *other)
    manage("shell", "-v", "0", "-c", MAKE_AUTHORS)

    manage("migrate", *other)

    assert manage("shell", "-v", "0", "-c", SHOW_GROUPS).splitlines() == [
        "Author,1,iris",
        "Operator,0",
        "Workflow approver,9",
        "Workflow author,0",
        "Workflow observer,8",
        "Workflow operator,10",
    ]
