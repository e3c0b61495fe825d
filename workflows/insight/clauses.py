"""What the sentence on a run consists of."""

from dataclasses import dataclass

from workflows.runs.readiness import Cause


@dataclass(frozen=True, slots=True)
class Suggestion:
    """An operation that helps, and the row to carry it out on."""

    operation: str
    target: str
    """`run`, `task`, `approval` or `runner`."""
    id: int


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of the sentence, what helps, and the tasks that it names."""

    text: str
    remedy: str = ""
    """What helps, where it is no more than the suggestions in words."""
    suggestions: tuple[Suggestion, ...] = ()
    tasks: tuple[Cause, ...] = ()
    hint: str = ""
    """What helps beside the suggestions."""
