"""What an item of the dashboard consists of: what is wrong, and what its reader can do about it."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString

from workflows.admin.actions.registry import AdminOperation
from workflows.admin.ui.display import list_url
from workflows.insight.attention import MOST_COUNTED
from workflows.sites import model_admin_of


@dataclass(frozen=True, slots=True)
class SuggestedAction:
    """A button that starts an operation on rows of a list."""

    operation: AdminOperation
    url: str
    rows: Sequence[object]
    reason: str = ""
    """Why the operation would be refused; if set, the button is greyed out."""

    @property
    def count(self) -> int | None:
        """How many rows the button is about, if it is not one."""
        return len(self.rows) if len(self.rows) > 1 else None


@dataclass(frozen=True, slots=True)
class Shortcut:
    """A link to the page where an item can be dealt with."""

    url: str
    label: str


@dataclass(frozen=True, slots=True)
class AttentionItem:
    """One line of the list."""

    badges: SafeString
    text: SafeString
    since: datetime | None = None
    suggested_actions: Sequence[SuggestedAction] = ()
    shortcut: Shortcut | None = None
    line: SafeString | str = ""
    """What the task printed that has failed."""
    covers: int = 1
    """How many of the things that are counted it is about."""


@dataclass(slots=True)
class AttentionGroup:
    """The first items of one kind, and the list that has all of them."""

    title: str
    icon: str
    url: str
    total: int
    """How many there are, as far as they are counted."""
    items: list[AttentionItem] = field(default_factory=list)

    @property
    def is_cut(self) -> bool:
        """Return True if there are more than the items are about."""
        return self.total > sum(item.covers for item in self.items)

    @property
    def number(self) -> str:
        """Return `99+` if there are more than are counted."""
        return f"{self.total}" if self.total < MOST_COUNTED else f"{MOST_COUNTED - 1}+"


def known_actions(
    request: HttpRequest, model: Any, operations: Sequence[AdminOperation], rows: Sequence[object]
) -> list[SuggestedAction]:
    """Return operations on rows that are known to allow them, if the reader may operate."""
    page = model_admin_of(model)
    if not (page and page.has_view_permission(request) and page.has_operate_permission(request)):
        return []
    return [SuggestedAction(each, list_url(model), rows) for each in operations]
