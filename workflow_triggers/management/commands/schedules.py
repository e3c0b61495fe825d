"""List schedules, foresee their moments, or have them count from now on."""

import json
import re
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone

from workflow_triggers.models import Schedule
from workflow_triggers.moments import exclusion, moments_between, words
from workflow_triggers.operations.schedules import resume_from_now
from workflow_triggers.rendering import utc_text
from workflows.management.actor import command_actor
from workflows.management.base import DatabaseCommand
from workflows.management.output import say

UNITS = {"h": "hours", "d": "days", "w": "weeks"}
LONGEST = timedelta(days=366)
MOST_MOMENTS = 10_000
"""So many of one schedule are printed; a minute's schedule has more in a week."""


def span(text: str) -> timedelta:
    """Return a span of time such as 30d."""
    read = re.fullmatch(r"(\d{1,4})([hdw])", text)
    found = timedelta(**{UNITS[read[2]]: int(read[1])}) if read else None
    if not found or found > LONGEST:
        raise ArgumentTypeError(f"{text!r} is no span: give 12h, 30d or 4w, at most a year.")
    return found


class Command(DatabaseCommand):
    """`manage.py schedules [--template NAME] [--preview SPAN | --resume-from-now] [--json]`."""

    help = (
        "List schedules with their next moment. --preview 30d: what they will do, without doing "
        "it. --resume-from-now: after a backup was restored, what fell due meanwhile is not fired."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--template", metavar="NAME", help="Only schedules of this template.")
        what = parser.add_mutually_exclusive_group()
        what.add_argument(
            "--preview", type=span, metavar="SPAN", help="Each moment of so long: 12h, 30d, 4w."
        )
        what.add_argument(
            "--resume-from-now",
            action="store_true",
            help="Give every moment that has passed its reason, and fire none of them.",
        )
        parser.add_argument("--json", action="store_true", help="Print a JSON object per line.")

    def handle(
        self,
        *,
        template: str | None,
        preview: timedelta | None,
        resume_from_now: bool,
        **options: Any,
    ) -> None:
        """Do what is asked for."""
        as_json = options["json"]
        if resume_from_now:
            self._resume(as_json=as_json)
            return
        schedules = Schedule.objects.select_related("template").order_by("template__name", "name")
        if template is not None:
            schedules = schedules.filter(template__name=template)
        now = timezone.now()
        rows = _foreseen(schedules, now, preview) if preview else map(_listed, schedules)
        is_empty = True
        for row in rows:
            is_empty = False
            say(self.stdout, _as_json(row) if as_json else _as_line(row))
        if is_empty and not as_json:
            say(self.stdout, "There is no such moment." if preview else "There is no schedule.")

    def _resume(self, *, as_json: bool) -> None:
        count = resume_from_now(by=command_actor())
        line = f"{count} schedules had moments that are not fired; all count from now on."
        say(self.stdout, json.dumps({"written_off": count}) if as_json else line)


def _listed(schedule: Schedule) -> dict[str, Any]:
    when = words(schedule.cron) if schedule.cron else "Once"
    return {
        "id": schedule.pk,
        "template": schedule.template.name,
        "name": schedule.name,
        "when": f"{when} ({schedule.zone})",
        "next_at": schedule.next_at and utc_text(schedule.next_at),
        "is_enabled": schedule.is_enabled,
        "trouble": schedule.trouble,
    }


def _foreseen(schedules: Any, now: datetime, ahead: timedelta) -> Iterator[dict[str, Any]]:
    """Yield the moments of enabled schedules, in their order."""
    found = []
    for schedule in schedules.filter(is_enabled=True).prefetch_related("calendars"):
        calendars = list(schedule.calendars.all())
        for moment in islice(moments_between(schedule, now, now + ahead), MOST_MOMENTS):
            why = exclusion(calendars, moment, schedule.zone)
            found.append((moment, schedule, why))
    for moment, schedule, why in sorted(found, key=lambda each: (each[0], each[1].pk)):
        yield {
            "moment": utc_text(moment),
            "local": moment.astimezone(ZoneInfo(schedule.zone)).isoformat(),
            "template": schedule.template.name,
            "name": schedule.name,
            "excluded": why,
        }


def _as_json(row: dict[str, Any]) -> str:
    return json.dumps(row, ensure_ascii=False)


def _as_line(row: dict[str, Any]) -> str:
    if "moment" in row:
        why = f"  excluded: {row['excluded']}" if row["excluded"] else ""
        return f"{row['moment']}  {row['local']}  {row['template']}  {row['name']}{why}"
    state = row["next_at"] or ("no further moment" if row["is_enabled"] else "disabled")
    trouble = f"  trouble: {row['trouble']}" if row["trouble"] else ""
    return f"{row['id']}  {row['template']}  {row['name']}  {row['when']}  {state}{trouble}"
