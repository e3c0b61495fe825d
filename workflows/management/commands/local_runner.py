"""Execute the attempts of local runners until stopped."""

import logging
import os
import signal
import time
from argparse import ArgumentParser
from contextlib import suppress
from typing import Any

from django.core.management.base import CommandError
from django.db import Error

from runners.kinds import kinds_served_locally
from workflows import presence
from workflows.db.missing_migrations import missing_migrations
from workflows.dispatch.leases import RENEW_EVERY_S
from workflows.execution.executor import Executor
from workflows.execution.run_directories import remove_unneeded
from workflows.execution.timers import Timers
from workflows.management import arguments
from workflows.management.arguments import add_run_as, count, seconds
from workflows.management.base import DatabaseCommand, database_name
from workflows.management.function_watch import LOOK_AT_FILES_EVERY_S, FunctionWatch, restart
from workflows.management.output import say
from workflows.models.actor import Actor

KIND = "local runner"
"""What it is called in the trail, and among the processes that serve."""

logger = logging.getLogger(__name__)


class Command(DatabaseCommand):
    """`manage.py local_runner [--concurrency N] [--grace SECONDS] [--run-as USER[:GROUP]]`."""

    lock_s = None  # its executor knows how long it waits for what
    help = (
        "Execute the attempts of local runners until stopped. After the first SIGTERM or Ctrl-C, "
        "running attempts may finish within the grace period; the second one ends them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--concurrency", type=count, default=4, help="Attempts at a time.")
        parser.add_argument(
            "--grace",
            type=seconds,
            default=60,
            help="Seconds for running attempts to finish.",
        )
        parser.add_argument(
            "--reload",
            action="store_true",
            help="For development: start anew when the file of a function has changed.",
        )
        add_run_as(parser)

    def handle(
        self,
        *,
        concurrency: int,
        grace: float,
        reload: bool = False,
        run_as: str | None = None,
        verbosity: int = 1,
        **_: Any,
    ) -> None:
        """Execute attempts until stopped."""
        arguments.run_as(run_as)
        with suppress(Error):  # for a database that is away, it waits
            if missing := missing_migrations():
                raise CommandError(missing)
        self._grace_s = grace
        self._timers = Timers()
        self._stop_by: float | None = None
        self._watch = FunctionWatch(restarts=reload)
        self._executor = Executor(concurrency=concurrency, by=Actor(name=KIND))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        logger.info(
            "Executing local attempts.", extra={"at_a_time": concurrency, "pid": os.getpid()}
        )
        if verbosity and not logger.isEnabledFor(logging.INFO):  # as in a new project
            where = f"{concurrency} at a time, of {database_name()}"
            say(self.stdout, f"Executing local attempts, {where}. Ctrl-C stops it.")
        self._executor.serve(self._keep_serving)
        with suppress(Error):  # then it is merely not seen again
            presence.gone(kind=KIND)
            remove_unneeded()
        logger.info("Stopped; nothing is left running.")
        if self._watch.wants_restart:
            restart()

    def _be_seen(self) -> None:
        presence.seen(kind=KIND, serves=kinds_served_locally())

    def _stop(self, *_: object) -> None:
        again = self._stop_by is not None
        self._stop_by = time.monotonic() + (0 if again else self._grace_s)

    def _keep_serving(self) -> bool:
        self._timers.run("presence", RENEW_EVERY_S, self._be_seen)
        self._timers.run("function files", LOOK_AT_FILES_EVERY_S, self._watch.look)
        if self._watch.wants_restart and self._stop_by is None:
            self._stop()
        if self._stop_by is None:
            return True
        if self._executor.is_claiming:
            logger.info("Stopping: what runs may finish.", extra={"grace_s": self._grace_s})
        self._executor.stop()
        if time.monotonic() >= self._stop_by:
            self._executor.end_all()
        return False
