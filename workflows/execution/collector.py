"""Waits for what the slots of an executor say, and takes what has ended."""

import time

from django.utils import timezone

from workflows.db import failpoints
from workflows.execution.claimer import LOOK_EVERY_S
from workflows.execution.intake import Intake
from workflows.execution.listener import Listener
from workflows.execution.prefetch import PrefetchBuffer
from workflows.execution.reporter import Reporter
from workflows.execution.running_attempts import RunningAttempts

REPORT_TOGETHER_S = 0.002
MAX_REPORT_TOGETHER_S = 0.01
"""How long a finished attempt waits for the next one, and for all, to share its transaction."""


class Collector:
    """Hears the slots, and lets prefetched attempts begin in those that are free again."""

    def __init__(
        self,
        listener: Listener,
        running: RunningAttempts,
        reporter: Reporter,
        prefetched: PrefetchBuffer,
        intake: Intake,
    ) -> None:
        """Hear this listener."""
        self._listener = listener
        self._running = running
        self._reporter = reporter
        self._prefetched = prefetched
        self._intake = intake

    def collect(self, *, is_waiting: bool) -> None:
        """
        Wait a moment for output and ends, and take them.

        :param is_waiting: there may soon be something to do although nothing runs.
        """
        if not self._running:
            time.sleep(LOOK_EVERY_S if is_waiting and not self._reporter.has_news else 0)
            return
        heard = self._hear(0 if self._reporter.has_news else LOOK_EVERY_S)
        # Attempts that end a moment later are reported in the same transaction. There is a limit:
        # an attempt that prints without a pause must not keep the others from being reported.
        give_up_at = time.monotonic() + MAX_REPORT_TOGETHER_S
        while heard and self._running and self._reporter.has_news and time.monotonic() < give_up_at:
            heard = self._hear(REPORT_TOGETHER_S)

    def _hear(self, timeout_s: float) -> bool:
        """Hear the slots until something arrives in time; return True if anything did."""
        self._running.begin_waiting()
        heard = self._listener.hear(timeout_s)
        for ended in self._running.finish():
            self._prefetched.record_duration(timezone.now() - ended.started_at)
            failpoints.point("execution.ended")
            self._intake.begin_prefetched()
        return heard
