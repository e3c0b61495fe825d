"""Which operations the page of a row offers, and which it shows greyed out with the reason."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from workflows.admin.actions.registry import AdminOperation
from workflows.errors import WrongState
from workflows.models.actor import Actor


@dataclass(frozen=True, slots=True)
class Button:
    """An operation on a row's page; greyed out if there is a reason why it would be refused."""

    operation: AdminOperation
    reason: str = ""


def buttons_for(row: Any, operations: Sequence[AdminOperation], *, by: Actor) -> Iterator[Button]:
    """
    Yield the buttons of a row.

    Operations that the row's own state rules out are left out: the page shows that state.
    Operations that something else rules out (an aborted run, an active task downstream, who created
    the run) are greyed out with the reason, which nothing else on the page explains.
    """
    for each in operations:
        refusal = each.domain.check(row, by)
        if not isinstance(refusal, WrongState):
            yield Button(each, refusal.detail if refusal else "")
