"""Execute the attempts of local runners until stopped."""

import signal
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from workflows.execution.executor import Executor
from workflows.management.arguments import positive
from workflows.management.output import say
from workflows.models.actor import Actor


class Command(BaseCommand):
    """`manage.py local_runner [--concurrency N] [--grace SECONDS]`."""

    help = (
        "Execute the attempts of local runners until stopped. After the first SIGTERM or Ctrl-C, "
        "running attempts may finish within the grace period; the second one ends them."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--concurrency", type=positive, default=4, help="Attempts at a time.")
        parser.add_argument(
            "--grace", type=float, default=60, help="Seconds that running attempts have to finish."
        )

    def handle(self, *, concurrency: int, grace: float, **_: Any) -> None:
        """Execute attempts until stopped."""
        self._grace_s = grace
        self._stop_by: float | None = None
        self._executor = Executor(concurrency=concurrency, by=Actor(name="local runner"))
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, self._stop)
        say(self.stdout, f"Executing local attempts, {concurrency} at a time. Ctrl-C stops.")
        self._executor.serve(self._keep_serving)
        say(self.stdout, "Stopped; nothing is left running.")

    def _stop(self, *_: object) -> None:
        again = self._stop_by is not None
        self._stop_by = time.monotonic() + (0 if again else self._grace_s)

    def _keep_serving(self) -> bool:
        if self._stop_by is None:
            return True
        self._executor.stop()
        if time.monotonic() >= self._stop_by:
            self._executor.end_all()
        return False
