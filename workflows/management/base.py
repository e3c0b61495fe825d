"""The base of our commands: a database that refuses is one line, and an exit code of its own."""

from typing import Any, ClassVar

from django.core.checks import Tags
from django.core.management.base import BaseCommand, CommandError

from runners.database import connection
from runners.functions import UnusableModule, load_functions
from workflows.db.refusals import is_refusal
from workflows.db.statement_watch import StatementWatch
from workflows.db.time_limits import limited
from workflows.errors import Busy, NotFound, WorkflowError

TRY_AGAIN = 75
"""The exit code if the database refuses: `EX_TEMPFAIL` of `sysexits.h`, try again later."""


OUTCOME_UNKNOWN = "Something may have been stored: look before you try again."


class DatabaseCommand(BaseCommand):
    """A command whose work is in the database."""

    # Not the checks of URLs and pages: they load the whole site, which takes longer than most
    # commands do. `manage.py check` makes them all.
    requires_system_checks: tuple[str, ...] = (Tags.models, Tags.security)
    lock_s: ClassVar[float | None] = 10.0
    """How long it waits for one lock; None: as long as it takes."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """
        Run the command.

        :raises CommandError: in one line, if a function's module cannot be imported, or what the
            command does is refused; with exit code 75, if the database refuses.
        """
        _load_functions()
        watch = StatementWatch()
        try:
            if self.lock_s is None:
                return super().execute(*args, **options)
            with limited(lock_s=self.lock_s), watch.watching():
                return super().execute(*args, **options)
        except Exception as exc:
            if not is_refusal(exc):
                if isinstance(exc, WorkflowError):
                    raise CommandError(refusal_line(exc)) from exc
                raise
            outcome = f" {OUTCOME_UNKNOWN}" if watch.is_outcome_open(exc) else ""
            raise CommandError(f"{why_refused(exc)}{outcome}", returncode=TRY_AGAIN) from exc


def _load_functions() -> None:
    """Import the functions before anything is done: no run may stay behind without them."""
    try:
        load_functions()
    except UnusableModule as exc:
        raise CommandError(str(exc)) from exc


def refusal_line(exc: WorkflowError) -> str:
    """Return why something is refused, and what helps on the command line."""
    is_run = isinstance(exc, NotFound) and exc.what == "workflow run"
    return f"{exc.detail}; manage.py runs lists the runs" if is_run else exc.detail


def why_refused(exc: BaseException) -> str:
    """Return one line about a refusal."""
    if isinstance(exc, Busy):
        return exc.detail
    lines = [line.strip() for line in str(exc).splitlines() if line.strip()]
    return f"The database refuses: {lines[0] if lines else type(exc).__name__}."


def database_name() -> str:
    """Return which database this is, for people; never with its password."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"SQLite, {known['NAME']}"
    host = known["HOST"] or known["OPTIONS"].get("host") or "this machine"
    return f"PostgreSQL, {known['NAME']} at {host}"
