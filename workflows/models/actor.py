"""Who asked for something."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser
    from django.contrib.auth.models import AnonymousUser


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
        return cls(str(user.pk), user.get_username(), via)

    def __str__(self) -> str:
        return self.name


NOBODY = Actor()
"""Used where it is not known, or does not matter, who acted."""
