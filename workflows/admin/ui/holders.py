"""Who may do something: the groups and the people that have a permission, by name."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db.models import Q

MOST_NAMED = 8


@dataclass(frozen=True, slots=True)
class Holders:
    """Groups that have a permission, and people who have it in any way."""

    groups: Sequence[str]
    people: Sequence[str]
    has_more: bool

    @property
    def sentence(self) -> str:
        """Return `ada, kim and others; group Workflow approver`, or that it is nobody."""
        people = ", ".join(self.people) + (" and others" if self.has_more else "")
        noun = "groups" if len(self.groups) > 1 else "group"
        groups = f"{noun} {', '.join(self.groups)}" if self.groups else ""
        return "; ".join(filter(None, (people, groups))) or "nobody yet"


def holders(permission: str, *, but_for: str = "") -> Holders:
    """
    Return who has a permission, superusers too; two statements.

    :param but_for: the name of a user who may not, all the same.
    """
    app, codename = permission.split(".")
    of_group = Group.objects.filter(
        permissions__content_type__app_label=app, permissions__codename=codename
    )
    groups = list(of_group.order_by("name").values_list("name", flat=True))
    people = [name for name in _people(app, codename) if name != but_for]
    return Holders(groups, people[:MOST_NAMED], len(people) > MOST_NAMED)


def _people(app: str, codename: str) -> list[str]:
    """Return the first names; none if the users of the project have no permissions of Django's."""
    users = get_user_model()
    fields = {field.name for field in users._meta.get_fields()}
    if not {"groups", "user_permissions", "is_superuser", "is_active"} <= fields:
        return []
    own = Q(user_permissions__content_type__app_label=app, user_permissions__codename=codename)
    through = Q(
        groups__permissions__content_type__app_label=app, groups__permissions__codename=codename
    )
    name = users.USERNAME_FIELD
    having = users._default_manager.filter(own | through | Q(is_superuser=True), is_active=True)
    # One more is read than is named, and one more still for who is left out.
    return list(having.order_by(name).values_list(name, flat=True).distinct()[: MOST_NAMED + 2])
