"""
The parameters of a schedule's runs, with the moment filled in.

`{{ moment }}` is the moment that a run is for, in the schedule's time zone, not the one at which it
is made: `2026-03-29T03:00:00+02:00`. Its parts are looked up in it: `{{ moment.date }}`.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from runners import encryption
from workflow_triggers.models import Schedule
from workflows.errors import Invalid
from workflows.payloads.parameters import take_parameters
from workflows.payloads.rendering import render_over
from workflows.payloads.work import BadExpression

MOMENT = "moment"
UNREADABLE = "cannot be read with the present SECRETS_KEYS; enter it again"


class MomentText(str):
    """A moment as expressions see it: ISO text, in which its parts are looked up by name."""

    __slots__ = ("_parts",)
    _parts: Mapping[str, Any]

    @classmethod
    def of(cls, moment: datetime, zone: str) -> "MomentText":
        """Return a moment in a time zone."""
        local = moment.astimezone(ZoneInfo(zone))
        text = cls(local.isoformat())
        text._parts = {
            "date": f"{local:%Y-%m-%d}",
            "time": f"{local:%H:%M}",
            "year": f"{local:%Y}",
            "month": f"{local:%m}",
            "day": f"{local:%d}",
            "hour": f"{local:%H}",
            "minute": f"{local:%M}",
            "weekday": f"{local:%A}",
            "yesterday": f"{local - timedelta(days=1):%Y-%m-%d}",
            "utc": utc_text(moment),
            "timestamp": int(moment.timestamp()),
        }
        return text

    def __getitem__(self, key: Any) -> Any:
        """Return a part by its name; otherwise characters, as of any text."""
        return self._parts[key] if isinstance(key, str) else super().__getitem__(key)


def utc_text(moment: datetime) -> str:
    """Return a moment as the API writes it."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parameters_for(schedule: Schedule, moment: datetime) -> dict[str, Any]:
    """
    Return the parameters of a run for a moment, secrets included; never store or show them.

    :raises Invalid: naming the parameter that cannot be filled in, or read.
    """
    secrets = secrets_of(schedule)
    if lost := [name for name, value in secrets.items() if value is None]:
        raise Invalid({"parameters": [f"{name}: {UNREADABLE}" for name in lost]})
    names = {MOMENT: MomentText.of(moment, schedule.zone)}
    filled, problems = {}, []
    for name, value in schedule.parameters.items():
        try:
            filled[name] = render_over(names, value)
        except BadExpression as exc:
            problems.append(f"{name}: {exc}")
    if problems:
        raise Invalid({"parameters": problems})
    return {**filled, **secrets}


def secrets_of(schedule: Schedule) -> dict[str, str | None]:
    """Return the secret parameters by name; None, if no present key can read one."""
    return {name: encryption.decrypt(text) for name, text in schedule.encrypted_secrets.items()}


def check_parameters(schedule: Schedule, schema: dict[str, Any], moment: datetime) -> None:
    """
    Refuse parameters that the template would not take at a moment.

    :raises Invalid: naming each that is wrong.
    """
    take_parameters(schema, parameters_for(schedule, moment))
