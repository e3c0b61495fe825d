"""What somebody has to know who decides about an approval: what was decided before, what is new."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.db.models import F

from workflows.insight.comparison import Comparison
from workflows.insight.durations import seconds_between
from workflows.insight.log_difference import masked
from workflows.insight.log_end import LastLine, last_lines
from workflows.models import (
    Approval,
    ApprovalStatus,
    Task,
    TaskAttempt,
    TemplateVersion,
    WorkflowRun,
)

RUNS_LOOKED_AT = 200
"""Earlier decisions are looked for in so many of the latest runs of the template."""
DECISIONS_READ = 20
MOST_UPSTREAM = 15
"""How many of the steps right before it are told."""
LINES_COMPARED = 200
"""So many of the last lines of a log are held against those of last time."""
MOST_LINES, MOST_NEW_LINES = 3, 6


@dataclass(frozen=True, slots=True)
class Said:
    """What a task before the approval has said, and what the same step said last time."""

    task: Task
    attempt: TaskAttempt | None
    before: TaskAttempt | None
    lines: Sequence[LastLine]
    """The last lines of its log; if the step has printed last time, those that are new."""

    @property
    def seconds(self) -> float | None:
        """Return how long it ran; None unless it has ended."""
        ended = self.task.finished_at
        return seconds_between(self.task.started_at, ended) if ended else None

    @property
    def result(self) -> Any:
        """Return its result; None if it has none."""
        return self.attempt.result if self.attempt else None

    @property
    def differs(self) -> bool:
        """Return True if the step had another result last time."""
        return self.before is not None and repr(self.before.result) != repr(self.result)


class Decision:
    """An approval with what was decided before; loaded with its task and its run."""

    def __init__(self, approval: Approval) -> None:
        """Nothing is read yet."""
        self.approval = approval
        self.task = approval.task
        self.run = approval.task.run

    @cached_property
    def earlier(self) -> list[Approval]:
        """The latest decisions about this step in other runs, newest first; one statement."""
        run, step_id = self.run, self.task.step_id
        if run is None or run.template_id is None or step_id is None:
            return []
        runs = WorkflowRun.objects.filter(template=run.template_id).exclude(pk=run.pk)
        tasks = Task.objects.filter(
            run__in=runs.order_by("-pk").values("pk")[:RUNS_LOOKED_AT], step_id=step_id
        )
        decided = Approval.objects.filter(task__in=tasks.values("pk"), decided_at__isnull=False)
        found = decided.select_related("task__run").defer("task__payload")
        return list(found.order_by("-decided_at", "-pk")[:DECISIONS_READ])

    @property
    def last_approved(self) -> Approval | None:
        """The latest approval that was given before; None if there is none among those read."""
        return next((each for each in self.earlier if each.status == ApprovalStatus.APPROVED), None)

    @property
    def comparison(self) -> Comparison | None:
        """This run held against the one that was approved last; without its steps."""
        last = self.last_approved
        if last is None or last.task.run is None or self.run is None:
            return None
        return Comparison(last.task.run, self.run, ())

    def version_saved(self) -> TemplateVersion | None:
        """Return the version of the run, for who saved it and when; one statement."""
        run = self.run
        if run is None or run.template_id is None:
            return None
        versions = TemplateVersion.objects.filter(template=run.template_id)
        return versions.filter(number=run.template_version or 0).defer("content").first()

    def upstream(self) -> tuple[list[Said], int]:
        """Return what the tasks right before it say, and how many more there are."""
        rows = Task.objects.filter(dependants__task=self.task).order_by("position")
        found = list(rows.defer("payload")[: MOST_UPSTREAM + 1])
        tasks = found[:MOST_UPSTREAM]
        if not tasks:
            return [], 0
        attempts = self._attempts(tasks)
        lines = last_lines([each.task_id for each in attempts.values()], LINES_COMPARED)
        earlier_run = self.last_approved.task.run_id if self.last_approved else None
        said = []
        for task in tasks:
            attempt = attempts.get((self.task.run_id, task.step_id))
            before = attempts.get((earlier_run, task.step_id)) if earlier_run else None
            printed = lines.get(before.task_id, ()) if before else ()
            said.append(Said(task, attempt, before, _told(lines.get(task.pk, ()), printed)))
        return said, rows.count() - len(tasks) if len(found) > MOST_UPSTREAM else 0

    def _attempts(self, tasks: Sequence[Task]) -> dict[tuple[int | None, str | None], TaskAttempt]:
        """Return the latest attempts of these steps, in this run and in the one approved last."""
        last = self.last_approved
        runs = [run for run in (self.task.run_id, last.task.run_id if last else None) if run]
        latest = TaskAttempt.objects.filter(
            task__run__in=runs,
            task__step_id__in=[task.step_id for task in tasks],
            number=F("task__attempt_count"),
        )
        rows = latest.select_related("task").defer("payload", "task__payload")
        return {(each.task.run_id, each.task.step_id): each for each in rows}


def _told(lines: Sequence[LastLine], before: Sequence[LastLine]) -> Sequence[LastLine]:
    """Return the lines that no line of last time equals, but for times and ids; else the last."""
    if not before:
        return lines[-MOST_LINES:]
    known = {masked(line.text) for line in before}
    return [line for line in lines if masked(line.text) not in known][:MOST_NEW_LINES]
