"""Who tries: the roles of an installation, as the groups of the migration make them."""

from dataclasses import dataclass
from importlib import import_module

from django.contrib.auth.models import Permission, User
from django.test import Client
from rest_framework.test import APIClient

from tests.factories import UserFactory
from workflows.models.actor import Actor

GROUPS: dict[str, tuple[str, ...]] = import_module(
    "workflows.migrations.0019_workflow_groups"
).GROUPS
OPERATES = (*GROUPS["Workflow operator"], "add_task")
DECIDES = GROUPS["Workflow approver"]
ROLES = {
    "observer": GROUPS["Workflow observer"],
    "operator": OPERATES,
    "approver": DECIDES,
    "author": GROUPS["Workflow author"],
    "creator": (*OPERATES, *DECIDES),
    "other": (*OPERATES, *DECIDES),
    "superuser": (),
}
"""The permissions of each role. The creator and the superuser try with runs of their own."""
CREATORS = {"creator", "superuser"}


@dataclass(frozen=True)
class Person:
    """Somebody with a role, and the doors through which this person comes."""

    user: User
    api: APIClient
    admin: Client

    @property
    def actor(self) -> Actor:
        """Return who this is in the trail."""
        return Actor.of(self.user, via="web")


def person(role: str) -> Person:
    """Return a new person with a role."""
    user = UserFactory.create(
        username=role, is_staff=True, is_superuser=role == "superuser", password="x"
    )
    user.user_permissions.set(Permission.objects.filter(codename__in=ROLES[role]))
    api, admin = APIClient(), Client()
    api.force_authenticate(user)
    admin.force_login(user)
    return Person(user, api, admin)
