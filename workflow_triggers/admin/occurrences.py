"""Occurrences as pages show them: with the run that they made and how it went, or the reason."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from workflow_triggers.models import Occurrence, Outcome
from workflows.admin.ui.display import badge, page_url, run_link
from workflows.insight.durations import seconds_of_run
from workflows.insight.phrases import duration_text
from workflows.models import RunState, Task, TaskState, WorkflowRun
from workflows.sites import known_admin_url

RUN_NUMBER = re.compile(r"\brun (\d{1,18})\b")
NO_RUN = (Outcome.SKIPPED, Outcome.MISSED, Outcome.EXCLUDED, Outcome.REFUSED)
MADE, FAILED, NONE, QUEUED, CANCELED, TO_COME = (
    "made", "failed", "none", "queued", "canceled", "to-come"
)  # fmt: skip
"""What pages tell apart: a run, one that failed, no run, a run later, none any more, to come."""
MEANINGS = {
    MADE: "made a run",
    FAILED: "run failed",
    NONE: "made no run",
    QUEUED: "waits",
    CANCELED: "canceled",
    TO_COME: "to come",
}
BADGES = {MADE: "success", FAILED: "failed", NONE: "disabled", QUEUED: "dispatched"}
ICONS = {"disabled": "refused"}
"""Of badges whose icon has another name."""
ENDED_BADLY = {RunState.FAILED, RunState.ABORTED}
UNDER_WAY = {RunState.CREATED, RunState.RUNNING, RunState.PAUSED}


@dataclass(frozen=True, slots=True)
class Shown:
    """An occurrence, with the run that it made as far as it still exists."""

    occurrence: Occurrence
    run: WorkflowRun | None = None
    failed_step: str = ""

    @property
    def kind(self) -> str:
        """Return what pages tell apart."""
        outcome = self.occurrence.outcome
        if outcome == Outcome.RUN:
            return FAILED if self.run and self.run.state in ENDED_BADLY else MADE
        if outcome in NO_RUN:
            return NONE
        return QUEUED if outcome == Outcome.QUEUED else CANCELED

    @property
    def icon(self) -> str:
        """Return the icon of its state."""
        return ICONS.get(self.look, self.look)

    @property
    def look(self) -> str:
        """Return its state as badges know it."""
        if self.run and self.run.state in UNDER_WAY:
            return "running"
        return BADGES.get(self.kind, "canceled")

    @property
    def badge(self) -> SafeString:
        """Return what became of it as a badge."""
        is_run = self.occurrence.outcome == Outcome.RUN
        word = self.run.state if self.run else "run" if is_run else self.occurrence.outcome
        return badge(word, self.look)

    @property
    def is_moment(self) -> bool:
        """Return False if it stands for several."""
        return self.occurrence.count == 1

    @property
    def seconds(self) -> float | None:
        """Return how long its run took, or has run until now."""
        return seconds_of_run(self.run) if self.run else None

    @property
    def note(self) -> str:
        """Return the shortest that tells how it went: 44 min, the failed step, no run."""
        if self.kind == FAILED:
            return self.failed_step or (self.run.state if self.run else "")
        if self.kind == MADE:
            seconds = self.seconds
            return "" if seconds is None else duration_text(seconds)
        return {NONE: "no run", QUEUED: "waits"}.get(self.kind, "canceled")

    @property
    def told(self) -> SafeString:
        """Return its run, or why it has none."""
        if self.occurrence.outcome == Outcome.RUN:
            step = format_html(": {} failed", self.failed_step) if self.failed_step else ""
            return format_html("{}{}", run_link(self.occurrence.run_id), step)
        return with_links(self.occurrence.reason)

    @property
    def url(self) -> str:
        """Return the address of its run; empty if it has none."""
        run_id = self.occurrence.run_id
        return page_url(WorkflowRun, run_id) if run_id and self.run else ""


def with_links(text: str) -> SafeString:
    """Return a reason, with links to the runs that it names."""
    parts, at = [], 0
    for found in RUN_NUMBER.finditer(text):
        parts += [format_html("{}", text[at : found.start()]), run_link(int(found[1]))]
        at = found.end()
    parts.append(format_html("{}", text[at:]))
    return mark_safe("".join(parts))  # noqa: S308 (each part is escaped)


def shown(occurrences: Sequence[Occurrence]) -> list[Shown]:
    """Return occurrences with their runs; two statements at most."""
    ids = {each.run_id for each in occurrences if each.run_id}
    rows = WorkflowRun.objects.filter(pk__in=ids).defer("last_dispatch", "parameters")
    runs = {run.pk: run for run in rows} if ids else {}
    steps = failed_steps(run.pk for run in runs.values() if run.state == RunState.FAILED)
    return [
        Shown(each, runs.get(each.run_id or 0), steps.get(each.run_id or 0, ""))
        for each in occurrences
    ]


def failed_steps(run_ids: Iterable[int]) -> dict[int, str]:
    """Return the first failed step of each run."""
    if not (ids := list(run_ids)):
        return {}
    failed = Task.objects.filter(run__in=ids, state=TaskState.FAILED).order_by("-pk")
    return {run: step or "" for run, step in failed.values_list("run_id", "step_id")}


def schedule_url(schedule_id: object) -> str:
    """Return the address of a schedule's page; empty if no site has it."""
    return known_admin_url("workflow_triggers_schedule_change", schedule_id) or ""
