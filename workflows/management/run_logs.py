"""The logs of a run's tasks as they are printed, one after the other."""

from collections.abc import Iterator
from uuid import UUID

from django.db.models import F, Q, QuerySet

from workflows.models import LogPiece, Task, TaskAttempt
from workflows.models.attempt import Outcome

REMOVED = "[this log was removed]\n"
"""Stands for a log that retention has removed."""


class RunLogs:
    """The logs of these tasks, and how much of each was yielded before."""

    def __init__(self, tasks: QuerySet[Task], *, has_headings: bool) -> None:
        """
        Begin with nothing.

        :param has_headings: a line above each log names its task, and one below it says why the
            task failed.
        """
        self._tasks = tasks
        self._has_headings = has_headings
        self._lengths: dict[UUID, int] = {}
        self._over: set[UUID] = set()
        self._last: UUID | None = None
        self._is_line_open = False

    def news(self) -> Iterator[str]:
        """Yield what the latest attempts have printed since the last time."""
        attempts = TaskAttempt.objects.filter(
            task__in=self._tasks, number=F("task__attempt_count")
        ).exclude(pk__in=self._over)
        for attempt in attempts.select_related("task").order_by("task__position", "task"):
            # It was read before its log: the log of one that has ended is complete.
            yield from self._news_of(attempt)
            if attempt.outcome:
                self._over.add(attempt.pk)
                yield from self._end_of(attempt)

    def _news_of(self, attempt: TaskAttempt) -> Iterator[str]:
        known = self._lengths.get(attempt.pk, 0)
        pieces = LogPiece.objects.filter(attempt=attempt, offset__gte=known).order_by("offset")
        for offset, text in pieces.values_list("offset", "text"):
            self._lengths[attempt.pk] = offset + len(text)
            yield from self._under_heading(attempt, text)

    def _end_of(self, attempt: TaskAttempt) -> Iterator[str]:
        if attempt.log_length and attempt.pk not in self._lengths:
            yield from self._under_heading(attempt, REMOVED)
        if self._has_headings and attempt.outcome != Outcome.SUCCESS:
            why = f" ({attempt.message})" if attempt.message else ""
            line_end = "\n" if self._last == attempt.pk and self._is_line_open else ""
            yield from self._under_heading(attempt, f"{line_end}[{attempt.outcome}{why}]\n")

    def _under_heading(self, attempt: TaskAttempt, text: str) -> Iterator[str]:
        if self._has_headings and self._last != attempt.pk:
            line_end = "\n" if self._is_line_open else ""
            again = f", attempt {attempt.number}" if attempt.number > 1 else ""
            yield f"{line_end}==> {attempt.task}{again} <==\n"
        self._last, self._is_line_open = attempt.pk, not text.endswith("\n")
        yield text


def tasks_of(run_id: int, step: str | None) -> QuerySet[Task]:
    """Return the tasks of a run, or that of one step; a task without a step by its number."""
    tasks = Task.objects.filter(run=run_id, run__removed_at=None)
    if step is None:
        return tasks
    is_it = Q(step_id=step)
    if step.isdecimal() and len(step) < 19:
        is_it |= Q(step_id=None, pk=int(step))
    return tasks.filter(is_it)
