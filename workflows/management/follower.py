"""Executes a run in this process until it ends or is stuck."""

import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from django.db import Error

from workflows.db.refusals import is_refusal
from workflows.dispatch.auto_dispatch import advance_alone
from workflows.execution.executor import Executor
from workflows.execution.run_directories import remove_unneeded
from workflows.execution.set_aside import reconnect
from workflows.management.progress import Progress, ProgressConsole
from workflows.models import WorkflowRun
from workflows.models.actor import Actor
from workflows.models.run import UNFINISHED

REFRESH_S = 0.2
WAIT_S = 2.0
"""How often it is tried whether a run that waits for another has a place now."""
WAIT_FOR_DATABASE_S = 60.0
"""How long the end of a run waits for a database that is away."""
Answer = TypeVar("Answer")


class Follower:
    """Executes a run until it ends or is stuck, and shows its progress."""

    def __init__(self, run: WorkflowRun, executor: Executor, *, by: Actor) -> None:
        """Prepare to follow a run."""
        self._run = run
        self._executor = executor
        self._by = by
        self._next_refresh = self._next_try = 0.0
        self._is_stopped = False

    def follow(self, console: ProgressConsole) -> None:
        """Execute the run; Ctrl-C and SIGTERM end its running attempts and report their ends."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, lambda *_: None)  # the terminal is gone; the work goes on
        with Progress(self._run, console) as update:
            self._update = update
            self._executor.serve(self._keep_serving)
            once_database_answers(self._run.refresh_from_db)
        with suppress(Error):  # another executor does it
            remove_unneeded()

    def _stop(self, *_: object) -> None:
        self._is_stopped = True

    def _keep_serving(self) -> bool:
        if self._is_stopped:
            self._executor.stop()
            self._executor.end_all()
            return False
        if self._executor.is_idle or time.monotonic() >= self._next_refresh:
            self._next_refresh = time.monotonic() + REFRESH_S
            return self._look()
        return True

    def _look(self) -> bool:
        """Read and show the run; return True if it can continue, as far as is known."""
        try:
            self._run.refresh_from_db()
        except Exception as exc:
            if not is_refusal(exc):
                raise
            reconnect()
            return True
        self._update()
        self._take_place()
        return self._run.state in UNFINISHED and self._can_continue()

    def _take_place(self) -> None:
        """Go on once a place is free, though whoever gave it up may be dead."""
        if self._run.waits_since and time.monotonic() >= self._next_try:
            self._next_try = time.monotonic() + WAIT_S
            advance_alone(self._run.pk, by=self._by)

    def _can_continue(self) -> bool:
        # Tasks of other runners or executors are reported by those.
        waits = self._run.waits_since is not None
        return not self._executor.is_idle or self._run.active_count > 0 or waits


def once_database_answers(read: Callable[[], Answer]) -> Answer:
    """Read something at the end of the work, for which a database that is away is waited for."""
    give_up_at = time.monotonic() + WAIT_FOR_DATABASE_S
    while True:
        try:
            return read()
        except Exception as exc:
            if not is_refusal(exc) or time.monotonic() > give_up_at:
                raise
            reconnect()
            time.sleep(REFRESH_S)
