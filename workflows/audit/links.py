"""Checks the chain of a run's events, link by link."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

from workflows.audit.findings import Examination, Finding, as_text
from workflows.audit.replayed import EventRow
from workflows.models import EventType, TaskAttempt, WorkflowRun
from workflows.runs.chain import (
    COVERED,
    DISPATCHED,
    ENDED,
    STARTED,
    cover,
    link_digest,
    only_counts,
)

OF_CREATION = (EventType.TASK_CREATED, EventType.APPROVAL_PENDING)
UNTOUCHED = "as it was written, with what it covers"
CHANGED = "changed since, here or in front of it"


class AttemptFacts(NamedTuple):
    """What the chain covers of an attempt, and what the replay and the logs need of it."""

    covers: Mapping[tuple[str, ...], str]
    started_at: datetime | None
    log_digest: str
    log_length: int
    may_still_run: bool


def attempt_facts(run: WorkflowRun) -> dict[str, AttemptFacts]:
    """Return the facts about each attempt of a run, by its id."""
    rows = TaskAttempt.objects.filter(task__run=run)
    return {str(attempt.pk): _facts_of(attempt) for attempt in rows.iterator()}


def _facts_of(attempt: TaskAttempt) -> AttemptFacts:
    covers: dict[tuple[str, ...], str] = {
        columns: cover({name: getattr(attempt, name) for name in columns})
        for columns in (DISPATCHED, STARTED, ENDED)
    }
    log = attempt.log_digest, attempt.log_length
    return AttemptFacts(covers, attempt.started_at, *log, attempt.may_still_run)


class ChainCheck:
    """Follows the chain through the events of a run, in order."""

    def __init__(
        self,
        run: WorkflowRun,
        facts: Mapping[str, AttemptFacts],
        definition: str,
        examination: Examination,
    ) -> None:
        """
        Begin before the first event.

        :param definition: what the first event covers.
        :param examination: gets the findings, and the numbers of events.
        """
        self._run = run
        self._facts = facts
        self._definition = definition
        self._examination = examination
        self._head = ""
        self._created: EventRow | None = None  # the first event, until the second link
        self._loose: EventRow | None = None  # an event that no link has followed yet

    def check(self, event: EventRow) -> EventRow:
        """Check one event; return it with the mark of whether it is exact."""
        if event.run_id is None:
            return event._replace(is_exact=self._check_past(event))
        if event.digest is not None:
            self._check_link(event)
            return event._replace(is_exact=True)
        if only_counts(event.event_type, event.payload):
            self._examination.counted += 1
        elif self._created and event.event_type in OF_CREATION:
            self._examination.of_creation += 1
            self._check_creation(event, self._created)
            return event._replace(is_exact=True)
        else:
            self._examination.not_chained += 1
            self._loose = event
        return event

    def finish(self) -> None:
        """Compare the end of the chain with the run's row."""
        found, run = self._examination.chained, self._run
        self._examination.head = self._head
        if found != run.trail_length:
            self._add(None, "chained events", run.trail_length, found)
        if self._head != run.trail_head:
            self._add(None, "digest of the latest event", self._head or "none", run.trail_head)
        if self._loose and not run.has_trail_gap:
            self._add_loose(self._loose)

    def _check_past(self, event: EventRow) -> bool:
        """Check an event from before the run; return True if this release has written it."""
        if only_counts(event.event_type, event.payload):
            self._examination.counted += 1
            return False
        # The first event of the run covers it, whoever has written it.
        self._examination.of_creation += 1
        if event.digest not in {None, link_digest("", event._asdict())}:
            self._add(event, "digest", UNTOUCHED, CHANGED)
        return event.digest is not None

    def _check_link(self, event: EventRow) -> None:
        columns, covered = event._asdict(), self._cover_of(event)
        fitting = {link_digest(self._head, columns, covered, after_gap=True)}
        if not self._loose:
            fitting.add(link_digest(self._head, columns, covered))
        if event.digest not in fitting:
            self._explain(event, columns, covered)
        self._loose = None
        self._examination.chained += 1
        self._created = event if event.event_type == EventType.RUN_CREATED else None
        self._head = event.digest or ""

    def _explain(self, event: EventRow, columns: Mapping[str, Any], covered: str) -> None:
        if self._loose and event.digest == link_digest(self._head, columns, covered):
            self._add_loose(self._loose)
        else:
            self._add(event, event.event_type, UNTOUCHED, CHANGED)

    def _cover_of(self, event: EventRow) -> str:
        if event.event_type == EventType.RUN_CREATED:
            return self._definition
        columns = COVERED.get(event.event_type, ())
        if not columns or "attempt_id" not in event.details:
            return ""
        facts = self._facts.get(str(event.details["attempt_id"]))
        return facts.covers[columns] if facts else "gone"

    def _check_creation(self, event: EventRow, created: EventRow) -> None:
        """Compare an event of a task's creation with what it must be."""
        for name in ("actor", "actor_user", "actor_via"):
            if (value := getattr(event, name)) != (expected := getattr(created, name)):
                self._add(event, name, expected, value)
        for name in ("reason", "payload"):
            if value := getattr(event, name):
                self._add(event, name, "nothing", value)

    def _add_loose(self, event: EventRow) -> None:
        self._add(event, event.event_type, "an event of the chain", "one without a digest")

    def _add(self, event: EventRow | None, what: str, expected: object, found: object) -> None:
        about = (event.task_id, event.id) if event else ()
        texts = (what, as_text(expected), as_text(found))
        self._examination.findings.append(Finding(self._run.pk, *texts, *about))
