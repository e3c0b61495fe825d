"""Who asked for something."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from django.contrib.auth import get_user_model
from django.db.models import Model

from workflows.errors import Invalid, NotPermitted

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser

LONGEST_NAME = 254
"""Characters of a name that are stored; e-mail addresses have at most as many."""
LONGEST_WAY = 20


def shortened(name: str, length: int) -> str:
    """Return a name, shortened so that a column can store it."""
    return name if len(name) <= length else f"{name[: length - 1]}…"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person or a program that asked for something, and how."""

    user: str = ""
    """The key of the user, as text; empty for machines."""
    name: str = ""
    """What people read in the trail: a user name, `local runner`, `runner gpu-1`."""
    via: str = ""
    """How: web, API, command, chat or schedule; empty for runners and executors."""

    @classmethod
    def of(cls, user: "AbstractBaseUser | AnonymousUser", *, via: str) -> "Actor":
        """Return a user as an actor."""
        return cls("" if user.pk is None else str(user.pk), user.get_username(), via)

    def __post_init__(self) -> None:
        """Cut a name that no column could store."""
        object.__setattr__(self, "name", shortened(self.name, LONGEST_NAME))

    def __str__(self) -> str:
        return self.name

    def may_be(self, other: "Actor") -> bool:
        """
        Return True unless these are certainly two persons.

        Users are compared by their keys, which nobody can change or take over. Names are compared
        only if one of the two has no key: it is a machine, or was stored before there were keys.
        """
        if self.user and other.user:
            return self.user == other.user
        return self.name == other.name

    def may(self, permission: str) -> bool:
        """
        Return True if the user has a permission now.

        Who has no key is a machine or a command: whoever starts commands can write to the database.
        """
        if not self.user:
            return True
        user = get_user_model()._default_manager.filter(pk=self.user).first()
        return user is not None and user.has_perm(permission)


NOBODY = Actor()
"""Used where it is not known, or does not matter, who acted."""

By: TypeAlias = "Actor | AbstractBaseUser | AnonymousUser"
"""Who asks for an operation: an actor, or a user, who is taken to ask by code."""


def as_actor(by: By) -> Actor:
    """
    Return who asks for an operation.

    :raises NotPermitted: if it is a user who is not stored, or nobody.
    :raises Invalid: if it is neither a user nor an actor.
    """
    if isinstance(by, Actor):
        return by
    if not hasattr(by, "get_username"):
        raise Invalid({"by": [f"Give a user or an Actor, not {by!r}."]})
    if by.pk is None or (isinstance(by, Model) and by._state.adding):
        raise NotPermitted("Nobody is logged in: give a user that is stored, or an Actor.")
    return Actor.of(by, via="code")
