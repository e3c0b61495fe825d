"""Stores how attempts ended, and what they printed; what cannot be stored now is stored later."""

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from runners import transaction
from workflows.db import failpoints
from workflows.db.refusals import is_refusal
from workflows.dispatch.auto_dispatch import advance_alone
from workflows.dispatch.claims import Claimed, ClaimRequest
from workflows.execution.set_aside import SetAside
from workflows.models import LogPiece, TaskState
from workflows.reports.apply import apply_reports_and_claim
from workflows.reports.report import Report
from workflows.runs.log_digest import UNKNOWN_LOG

TRIES = 4
"""So often, a report is tried as it is, before the attempt fails because it cannot be stored."""
UNSTORABLE = "how it ended cannot be stored; the log of the executor says why"

logger = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Ended:
    """The report on an attempt, with the end of its log."""

    report: Report
    pieces: list[LogPiece]

    def give_up(self) -> None:
        """Report no more than that the attempt has failed."""
        self.report = Report(self.report.attempt_id, TaskState.FAILED, message=UNSTORABLE)
        self.pieces = []


class Reporter:
    """
    Reports ended attempts, all of a run in one transaction.

    Reports and logs are forgotten after the commit only. If that fails, they are stored again,
    which changes nothing.
    """

    def __init__(self) -> None:
        """Begin with nothing to report."""
        self._ended: dict[int, list[Ended]] = defaultdict(list)
        self._pieces: list[LogPiece] = []
        self._with_lost_pieces: set[UUID] = set()
        self._set_aside = SetAside()

    def __bool__(self) -> bool:
        """Return True if anything is left to report."""
        return bool(self._ended)

    def __iter__(self) -> Iterator[UUID]:
        """Yield the attempts whose end is not reported yet; their leases go on."""
        return (each.report.attempt_id for ended in self._ended.values() for each in ended)

    @property
    def has_news(self) -> bool:
        """True if something can be reported now."""
        groups = (self._groups(run_id) for run_id in self._ended)
        return any(name not in self._set_aside for each in groups for name, _ in each)

    def add(self, run_id: int, report: Report, pieces: Sequence[LogPiece] = ()) -> None:
        """Report the end of an attempt, soon."""
        own = [piece for piece in self._pieces if piece.attempt_id == report.attempt_id]
        self._pieces = [piece for piece in self._pieces if piece not in own]
        if report.attempt_id in self._with_lost_pieces:
            self._with_lost_pieces.discard(report.attempt_id)
            report = replace(report, log=UNKNOWN_LOG)
        self._ended[run_id].append(Ended(report, [*own, *pieces]))

    def report_all(self, request: Callable[[], ClaimRequest]) -> Iterator[Claimed]:
        """Report run by run; yield what each transaction has claimed on the way."""
        for run_id in list(self._ended):
            for name, group in self._groups(run_id):
                if name in self._set_aside:
                    continue
                faults = self._set_aside.faults(name)
                if faults >= TRIES:
                    group[0].give_up()
                with self._set_aside.bulkhead(name, run_id=run_id):
                    yield self._report(run_id, group, request(), dispatches=not faults)

    def store_pieces(self, pieces: Sequence[LogPiece]) -> None:
        """Store what running attempts have printed; what cannot be stored now is kept."""
        self._pieces += pieces
        if not self._pieces:
            return
        try:
            _insert(self._pieces)
        except Exception as exc:
            if is_refusal(exc):
                raise
            logger.exception("Logs cannot be stored together; storing them one by one.")
            self._store_each()
        self._pieces = []

    def _store_each(self) -> None:
        for piece in self._pieces:
            try:
                _insert([piece])
            except Exception as exc:
                if is_refusal(exc):
                    raise
                logger.exception("A part of the %s is lost.", piece)
                self._with_lost_pieces.add(piece.attempt_id)

    def _groups(self, run_id: int) -> list[tuple[str, list[Ended]]]:
        """Return what to report together: all, or each alone after one of them was at fault."""
        ended, name = self._ended[run_id], _name(run_id)
        if not self._set_aside.faults(name):
            return [(name, ended)]
        return [(f"report of attempt {each.report.attempt_id}", [each]) for each in ended]

    def _report(
        self, run_id: int, group: Sequence[Ended], request: ClaimRequest, *, dispatches: bool
    ) -> Claimed:
        reports = [ended.report for ended in group]
        with transaction.atomic():
            _insert([piece for ended in group for piece in ended.pieces])
            claimed = apply_reports_and_claim(run_id, reports, request, dispatches=dispatches)
        failpoints.point("report.committed")
        self._forget(run_id, group)
        if not dispatches:
            # Perhaps it was the dispatch that failed: no task that ended well may fail for it.
            advance_alone(run_id, by=request.by)
        return claimed

    def _forget(self, run_id: int, group: Sequence[Ended]) -> None:
        left = [each for each in self._ended[run_id] if each not in group]
        if left:
            self._ended[run_id] = left
        else:
            del self._ended[run_id]
            self._set_aside.forget(_name(run_id))


def _name(run_id: int) -> str:
    return f"reports of workflow run {run_id}"


def _insert(pieces: Sequence[LogPiece]) -> None:
    if pieces:
        LogPiece.objects.bulk_create(pieces, ignore_conflicts=True)
