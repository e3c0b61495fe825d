"""The grid of a template as data: steps by runs, which `history/grid.js` draws."""

from collections.abc import Mapping, Sequence
from typing import Any

from workflows.insight.cells import Cell
from workflows.insight.history import History
from workflows.insight.recent import ENDED

KINDS = {
    "success": "s",
    "retried": "t",
    "by-hand": "h",
    "failed": "f",
    "canceled": "c",
    "running": "r",
    "dispatched": "d",
    "approval": "a",
    "pending": "p",
    "idle": "i",
}
"""One letter for each square; a full stop where a run has no such step."""
SIGNS = {
    "s": "✓", "t": "✓✓", "h": "✓", "f": "✕", "c": "–", "r": "▶", "d": "…", "a": "?", "p": "…",
    "i": "", ".": "",
}  # fmt: skip
"""What the table shows where no script is."""
MOST_STEPS = 400
"""A grid of more steps shows the first ones, and all that failed."""


def grid_data(history: History, *, shows_tasks: bool) -> dict[str, Any]:
    """
    Return the runs, and the squares of each step; lists in place of objects, for there are many.

    :param shows_tasks: False if the reader may not see tasks: then only the runs.
    """
    rows = [_row(history, step_id) for step_id in _shown(history)] if shows_tasks else []
    return {
        "runs": [
            [run.id, run.state, run.began, run.seconds, run.version, run.is_removed]
            for run in history.runs
        ],
        "usual": history.usual,
        "steps": rows,
        "left_out": len(history.step_ids) - len(rows) if shows_tasks else 0,
        "why": _reasons(history) if shows_tasks else {},
        "is_live": any(run.state not in ENDED for run in history.runs),
    }


def _shown(history: History) -> list[str]:
    if len(history.step_ids) <= MOST_STEPS:
        return list(history.step_ids)
    shown = {*history.step_ids[:MOST_STEPS], *history.failures}
    return [step_id for step_id in history.step_ids if step_id in shown]


def _row(history: History, step_id: str) -> list[Any]:
    cells = history.of_step(step_id)
    usual = history.usual_steps.get(step_id)
    return [
        step_id,
        sum(history.failures.get(step_id, ())),
        None if usual is None else round(usual, 2),
        kinds_of(history, cells),
        [cell.task_id if cell else 0 for cell in cells],
        [round(cell.seconds, 2) if cell and cell.seconds is not None else 0 for cell in cells],
    ]


def kinds_of(history: History, cells: Sequence[Cell | None]) -> str:
    """Return the letters of a row."""
    return "".join(
        KINDS.get(cell.kind(has_ended=run.state in ENDED), ".") if cell else "."
        for run, cell in zip(history.runs, cells, strict=True)
    )


def _reasons(history: History) -> Mapping[int, Sequence[str]]:
    """Return what each failed task reported, and the line of its log that says why."""
    return {pk: [failure.message, failure.line] for pk, failure in history.failed_tasks.items()}
