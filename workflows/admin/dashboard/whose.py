"""Whose work the dashboard lists: everybody's, or what its reader has started or may decide."""

from dataclasses import dataclass, field

from django.db.models import Q
from django.http import HttpRequest

from workflows.admin.ui.base import actor
from workflows.operations.checks import DECIDE
from workflows.search.syntax import quoted

PARAMETER, MINE = "attention", "mine"


@dataclass(frozen=True, slots=True)
class Whose:
    """What a reader has chosen to see, as conditions of queries."""

    is_mine: bool = False
    runs: Q = field(default_factory=Q)
    approvals: Q = field(default_factory=Q)
    search: dict[str, str] = field(default_factory=dict)
    """What narrows the list of runs likewise."""


def whose(request: HttpRequest) -> Whose:
    """Return what the address asks for: `?attention=mine`, or all."""
    if request.GET.get(PARAMETER) != MINE:
        return Whose()
    return Whose(
        True, _started(request), _may_decide(request), {"q": f"by:{quoted(_name(request))}"}
    )


def _name(request: HttpRequest) -> str:
    return str(request.user.get_username())


def _started(request: HttpRequest, run: str = "") -> Q:
    """Return which runs the reader has created, or is named as the one who started them."""
    return _created(request, run) | Q((f"{run}initiated_by", _name(request)))


def _created(request: HttpRequest, run: str) -> Q:
    """As `Actor.may_be` compares persons: by their keys, by name where there is none."""
    person = actor(request)
    by_name = Q((f"{run}created_by_user", ""), (f"{run}created_by", person.name))
    return Q((f"{run}created_by_user", person.user)) | by_name if person.user else by_name


def _may_decide(request: HttpRequest) -> Q:
    if not request.user.has_perm(DECIDE):
        return Q(pk__in=())
    return ~(Q(task__run__approver_must_differ=True) & _created(request, "task__run__"))
