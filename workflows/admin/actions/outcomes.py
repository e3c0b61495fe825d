"""Shows the outcome of an operation: a message for one row, a panel for many."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows.admin.actions.questions import named_rows
from workflows.admin.actions.registry import AdminOperation
from workflows.admin.ui.display import page_url
from workflows.admin.ui.numbers import render_part
from workflows.errors import Busy, WorkflowError
from workflows.models import WorkflowRun
from workflows.models.actor import Actor

WORDS = {messages.ERROR: "refused", messages.WARNING: "without effect", messages.SUCCESS: "done"}
"""Outcomes by the level of their message, in the order in which they are listed."""
ICONS = {messages.ERROR: "refused", messages.WARNING: "silent", messages.SUCCESS: "success"}

MOST_BUSY = 3
"""How many busy rows are waited for in one request."""
NOT_TRIED = "It was not tried: too many of the rows are busy. Try again."


@dataclass(frozen=True, slots=True)
class Outcome:
    """The outcome of an operation on one row."""

    row: Any
    level: int
    text: str
    is_busy: bool = False
    """Somebody else holds the lock of its run."""

    @property
    def word(self) -> str:
        """Return the outcome in a word or two."""
        return WORDS[self.level]

    @property
    def icon(self) -> str:
        """Return the icon of that word."""
        return ICONS[self.level]


def outcomes_of(
    operation: AdminOperation, rows: Sequence[Any], *, by: Actor, **answers: Any
) -> list[Outcome]:
    """Apply an operation to one row after the other, until too many have been waited for."""
    outcomes: list[Outcome] = []
    for row in rows:
        if sum(outcome.is_busy for outcome in outcomes) < MOST_BUSY:
            outcomes.append(_outcome_of(operation, row, by=by, **answers))
        else:
            outcomes.append(Outcome(row, messages.ERROR, NOT_TRIED))
    return outcomes


def _outcome_of(operation: AdminOperation, row: Any, *, by: Actor, **answers: Any) -> Outcome:
    """Apply an operation to a row; a refusal is an outcome, too."""
    try:
        result = operation.domain.carry_out(row.pk, by=by, **answers)
        return Outcome(row, *operation.describe(result))
    except WorkflowError as refusal:
        return Outcome(row, messages.ERROR, f"{refusal.detail}.", isinstance(refusal, Busy))


def show_outcome(request: HttpRequest, operation: AdminOperation, outcome: Outcome) -> None:
    """Show the outcome of one row as a message on the next page."""
    refused = outcome.level == messages.ERROR
    text = f"{operation.label} refused: {outcome.text}" if refused else outcome.text
    messages.add_message(request, outcome.level, format_html("{}{}", text, _see_run(outcome.row)))


def _see_run(row: Any) -> str | SafeString:
    """Return a link to the run that a row is, or is in; a toast shows it apart."""
    task = getattr(row, "task", row)
    run_id = getattr(task, "run_id", None) or (row.pk if isinstance(row, WorkflowRun) else None)
    if not run_id:
        return ""
    return format_html(
        ' <a class="see" href="{}">Run {}</a>', page_url(WorkflowRun, run_id), run_id
    )


def show_outcomes(
    request: HttpRequest,
    operation: AdminOperation,
    outcomes: Sequence[Outcome],
    described: Mapping[Any, tuple[str, str]],
) -> None:
    """
    Show the outcome of each row, in one panel on the next page.

    :param described: by the id of a row its title, and the state that it is in now.
    """
    levels = Counter(outcome.level for outcome in outcomes)
    context = {
        "title": operation.phrase.format(named_rows([each.row for each in outcomes])),
        "counts": [(levels[level], WORDS[level], ICONS[level]) for level in WORDS if levels[level]],
        "lines": list(_lines(outcomes, described)),
    }
    panel = render_part("workflows/outcome.html", context)
    messages.add_message(request, _level(levels), panel, extra_tags="outcomes")


def _lines(
    outcomes: Sequence[Outcome], described: Mapping[Any, tuple[str, str]]
) -> Iterator[tuple[Outcome, str, str, str]]:
    order = list(WORDS)
    for outcome in sorted(outcomes, key=lambda each: order.index(each.level)):
        pk = outcome.row.pk
        yield outcome, page_url(type(outcome.row), pk), *described.get(pk, ("", ""))


def _level(levels: Mapping[int, int]) -> int:
    """Return the level of the panel: a warning if the outcomes differ."""
    return next(iter(levels)) if len(levels) == 1 else messages.WARNING
