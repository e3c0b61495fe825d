"""What people are asked before an operation: what it is about, in numbers, and what stays."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils.safestring import SafeString

from workflows.admin.actions.registry import AdminOperation
from workflows.admin.ui.display import run_link
from workflows.errors import WorkflowError
from workflows.models import Approval, RunState, Task, WorkflowRun

if TYPE_CHECKING:
    from workflows.operations.preview import Effect

MOST_REASONS = 3
"""How many of the rows that stay as they are say why; the list has all of them."""
MOST_CHIPS = 8
"""How many runs are named one by one."""


@dataclass(frozen=True, slots=True)
class Touched:
    """A run, and how many of its tasks an operation is about."""

    run: WorkflowRun
    chosen: int
    is_destructive: bool

    @property
    def link(self) -> str | SafeString:
        """Return a link to the run."""
        return run_link(self.run.pk)

    @property
    def text(self) -> str:
        """Return `43 tasks, 400 stay`."""
        parts = [_many(self.chosen, "task")]
        stay = self.run.pending_count + self.run.active_count - self.chosen
        if self.is_destructive and stay > 0:
            parts.append(f"{stay:,} stay")
        if self.run.state == RunState.PAUSED:
            parts.append("paused")
        return ", ".join(parts)


class Question:
    """
    An operation on some rows, before it is confirmed.

    :param refusals: by the id of a row, why it would be refused; None if it would not.
    """

    def __init__(
        self,
        operation: AdminOperation,
        rows: Sequence[Any],
        refusals: Mapping[Any, WorkflowError | None],
    ) -> None:
        """Ask what else would happen; takes the statements of the preview."""
        self.operation = operation
        self.rows = rows
        self.refusals = refusals
        self.acting = [row for row in rows if not refusals[row.pk]]
        self.effects: Sequence[Effect] = operation.domain.preview(self.acting)

    @property
    def title(self) -> str:
        """Return `Cancel 48 tasks in 3 runs?`."""
        return f"{self._named(where=True)}?"

    @property
    def button(self) -> str:
        """Return `Cancel 48 tasks`."""
        return self._named(where=False)

    @property
    def way_out(self) -> str:
        """Return what the button says that changes nothing."""
        if not self.acting:
            return "Back"
        return f"Keep {self._them}" if self.operation.is_destructive else "Not now"

    @property
    def escape(self) -> str:
        """Return what the Escape key does."""
        return f"keeps {self._them}" if self.operation.is_destructive else "changes nothing"

    @property
    def touched(self) -> list[Touched]:
        """Return the runs of several tasks, and how many tasks of each; empty for one task."""
        runs = {run.pk: run for row in self.acting if (run := _run_of(row)) and run is not row}
        if len(self.acting) < 2 or not runs:
            return []
        counts = Counter(run.pk for row in self.acting if (run := _run_of(row)))
        return [
            Touched(runs[pk], n, self.operation.is_destructive)
            for pk, n in counts.most_common(MOST_CHIPS)
        ]

    @property
    def staying(self) -> str:
        """Return how many of the rows would be refused, and why the first ones."""
        reasons = [refusal.detail for refusal in self.refusals.values() if refusal]
        if not reasons:
            return ""
        named = "; ".join(reasons[:MOST_REASONS])
        more = f"; and {len(reasons) - MOST_REASONS:,} more" if len(reasons) > MOST_REASONS else ""
        if len(self.rows) == 1:
            return f"It will be refused: {named}."
        return f"{len(reasons):,} of the {len(self.rows):,} will be refused: {named}{more}."

    @property
    def _them(self) -> str:
        return "it" if len(self.acting) == 1 and not self._affected else "them"

    @property
    def _affected(self) -> str:
        """Return `4 waiting tasks`, if the operation is about tasks of the run."""
        noun = self.operation.affected
        return _many(self.effects[0].count, noun) if noun and self.effects else ""

    def _named(self, *, where: bool) -> str:
        rows = self.acting or self.rows
        what = named_rows(rows)
        place = _place(rows) if where else ""
        if self._affected:
            return f"{self.operation.verb} {self._affected}{f' of {what}' if where else ''}"
        return self.operation.phrase.format(f"{what}{place}")


def named_rows(rows: Sequence[Any]) -> str:
    """Return `48 tasks`, or the name of the only one."""
    noun = "run" if isinstance(rows[0], WorkflowRun) else "task"
    if len(rows) > 1:
        return _many(len(rows), noun)
    [row] = rows
    if isinstance(row, WorkflowRun):
        return f"run {row.pk}"
    return str(row.task if isinstance(row, Approval) else row)


def _place(rows: Sequence[Any]) -> str:
    """Return in which runs tasks are; empty for runs, and for tasks in none."""
    runs = {run.pk for row in rows if (run := _run_of(row)) and run is not row}
    if not runs:
        return ""
    return f" of run {runs.pop()}" if len(runs) == 1 else f" in {_many(len(runs), 'run')}"


def _run_of(row: WorkflowRun | Task | Approval) -> WorkflowRun | None:
    task = row.task if isinstance(row, Approval) else row
    return task.run if isinstance(task, Task) else task


def _many(n: int, noun: str) -> str:
    return f"1 {noun}" if n == 1 else f"{n:,} {noun}s"
