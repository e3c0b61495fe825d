"""Compares the stored logs of a run with the digests that its attempts keep of them."""

from collections.abc import Iterator, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

from workflows.audit.findings import Finding
from workflows.audit.links import AttemptFacts
from workflows.audit.replay import Replay
from workflows.audit.replayed import ReplayedAttempt
from workflows.models import LogPiece, WorkflowRun
from workflows.runs.log_digest import FIELDS, RunningDigest

Piece = tuple[Any, ...]


def check_logs(
    run: WorkflowRun, replay: Replay, facts: Mapping[str, AttemptFacts]
) -> Iterator[Finding]:
    """Yield the logs that are not what they were when their attempts ended; read piece by piece."""
    ended = {
        attempt.pk: (task_id, attempt)
        for task_id, task in replay.tasks.items()
        for attempt in task.attempts
        if attempt.has_exact_end and attempt.pk in facts
    }
    pieces = LogPiece.objects.filter(attempt__task__run=run).order_by("attempt", "offset")
    rows = pieces.values_list("attempt", *FIELDS).iterator(chunk_size=50)
    for attempt_id, group in groupby(rows, itemgetter(0)):
        if known := ended.pop(str(attempt_id), None):
            task_id, attempt = known
            yield from _check_log(run, task_id, attempt, facts[attempt.pk], group)
    for task_id, attempt in ended.values():
        yield from _check_log(run, task_id, attempt, facts[attempt.pk], ())


def _check_log(
    run: WorkflowRun,
    task_id: int,
    attempt: ReplayedAttempt,
    facts: AttemptFacts,
    pieces: Any,
) -> Iterator[Finding]:
    what = f"log of attempt {attempt.pk}"
    if attempt.is_log_removed:
        yield from _check_removed(run, what, task_id, pieces)
        return
    running, later = RunningDigest(), 0
    for _, offset, text, at in pieces:
        if offset < facts.log_length or not facts.log_digest:
            running.add(offset, text, at)
        else:
            later += 1
    stored = running.value()
    if facts.log_digest and stored.digest != facts.log_digest:
        yield Finding(run.pk, what, "as it was at the end", "changed since", task_id)
    elif not facts.log_digest and not facts.started_at and stored.length:
        yield Finding(run.pk, what, "nothing, it never started", "a log", task_id)
    if later and not (attempt.is_lost or facts.may_still_run):
        yield Finding(run.pk, what, "nothing after its end", f"{later} more pieces", task_id)


def _check_removed(run: WorkflowRun, what: str, task_id: int, pieces: Any) -> Iterator[Finding]:
    """Yield a finding if there still are pieces although the run says that all are gone."""
    if run.logs_removed_at and (n := len([*pieces])):
        yield Finding(run.pk, what, "nothing, it was removed", f"{n} pieces", task_id)
