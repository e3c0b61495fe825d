"""Remove runs, logs and secrets that have been kept for long enough."""

import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.management.base import CommandError
from django.utils import timezone

from workflows.authoring.files import template_named
from workflows.management.actor import command_actor
from workflows.management.arguments import moment
from workflows.management.base import DatabaseCommand
from workflows.management.output import say
from workflows.retention.forecast import Removal, removals
from workflows.retention.limits import ended_before
from workflows.retention.rounds import Rules, by_policy, steps

TELL_EVERY_S = 5.0
INTERRUPTED = 130
NOTHING = "Nothing is due."
ASK = "This cannot be undone. Remove {} with all that belongs to them? [y/N] "


class Command(DatabaseCommand):
    """`manage.py prune [--before DATE] [--template NAME] [--dry-run] [--no-input]`."""

    help = (
        "Remove the ended runs, logs and secrets that have been kept for long enough, as the "
        "settings KEEP_RUNS_DAYS, KEEP_LOGS_DAYS, KEEP_SECRETS_DAYS and the templates say; or, "
        "with --before, the runs that ended before a day, whatever they say. Of each removed run, "
        "one line stays. Runs that somebody keeps are left alone. It can be interrupted at any "
        "time: the next round goes on."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument(
            "--before",
            metavar="DATE",
            type=moment,
            help="Remove the runs that ended before this day or moment.",
        )
        parser.add_argument(
            "--template", metavar="NAME", help="Only runs of this template, or of '#12'."
        )
        parser.add_argument(
            "--dry-run", action="store_true", help="Say what would be removed, and change nothing."
        )
        parser.add_argument(
            "--no-input", action="store_true", help="With --before, do not ask in a terminal."
        )

    def handle(
        self,
        *,
        before: datetime | None,
        template: str | None,
        dry_run: bool,
        no_input: bool,
        **_: Any,
    ) -> None:
        """Remove what is due, or say what that is."""
        templates = None if template is None else [template_named(template).pk]
        rules = (
            by_policy(timezone.now(), templates) if before is None else _asked(before, templates)
        )
        if dry_run:
            self._tell(rules)
        elif before is None or no_input or self._is_wanted(rules):
            self._remove(rules)

    def _tell(self, rules: Rules) -> None:
        lines = [
            *(f"runs: {_removal_line(each)}" for each in removals(rules.runs())),
            *(f"logs: {_removal_line(each)}" for each in removals(rules.logs())),
            *(f"secrets: {_removal_line(each)}" for each in removals(rules.secrets())),
        ]
        for line in lines or [NOTHING]:
            say(self.stdout, line)

    def _is_wanted(self, rules: Rules) -> bool:
        """Ask whether to remove what no policy says, if there is somebody to be asked."""
        total = sum(each.runs for each in removals(rules.runs()))
        if not total or not sys.stdin.isatty():
            return True
        return input(ASK.format("1 run" if total == 1 else f"{total:,} runs")).strip() in {"y", "Y"}

    def _remove(self, rules: Rules) -> None:
        done: Counter[str] = Counter()
        tell_at = time.monotonic() + TELL_EVERY_S
        try:
            for step in steps(rules, by=command_actor()):
                done += step
                if time.monotonic() >= tell_at:
                    say(self.stdout, f"So far: {_summary(done)}.")
                    tell_at = time.monotonic() + TELL_EVERY_S
        except KeyboardInterrupt:
            said = f"Interrupted. Done: {_summary(done)}; the next round goes on."
            raise CommandError(said, returncode=INTERRUPTED) from None
        say(self.stdout, f"Done: {_summary(done)}." if done else NOTHING)


def _asked(before: datetime, templates: list[int] | None) -> Rules:
    day = timezone.localtime(before)
    reason = f"asked for: it ended before {day:%Y-%m-%d %H:%M}"

    def asked() -> Iterator[Any]:
        return ended_before(before, reason, templates=templates)

    return Rules(runs=asked)


def _removal_line(removal: Removal) -> str:
    oldest, newest = (timezone.localtime(at) for at in (removal.oldest, removal.newest))
    many = "1 run" if removal.runs == 1 else f"{removal.runs:,} runs"
    name = removal.name or "no template"
    return (
        f"{many} of '{name}' with {removal.task_total:,} tasks, "
        f"ended {oldest:%Y-%m-%d} to {newest:%Y-%m-%d} ({removal.reason})"
    )


def _summary(done: Counter[str]) -> str:
    return ", ".join(f"{what}: {n:,}" for what, n in sorted(done.items())) or "nothing"
