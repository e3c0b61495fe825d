"""
When somebody last looked which moments have come.

Each round notes its look. A look that follows the one before after more than `PATIENCE` was
preceded by a standstill, which is noted, too: what fell due before its end was missed, also if it
takes several rounds until every schedule has been seen to.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from runners import transaction
from workflow_triggers.models import Schedule
from workflows.models import LastLook

PATIENCE = timedelta(minutes=2)
"""A moment that nobody has seen for so long was missed; one that is younger is fired late."""
LOOKED = "schedules: looked"
STANDSTILL_SINCE = "schedules: nobody looked since"
STANDSTILL_UNTIL = "schedules: nobody looked until"
NAMES = (LOOKED, STANDSTILL_SINCE, STANDSTILL_UNTIL)


@dataclass(frozen=True, slots=True)
class Standstill:
    """The latest span in which nobody looked."""

    since: datetime | None
    """None: nobody had ever looked."""
    until: datetime

    def misses(self, moment: datetime) -> bool:
        """Return True if a moment that is not settled was missed."""
        return moment <= self.until - PATIENCE

    def reason(self, zone: str) -> str:
        """Return why a moment was missed, with times in a time zone."""
        until = self.until.astimezone(ZoneInfo(zone))
        if self.since is None:
            return f"nobody looked before {until:%Y-%m-%d %H:%M}"
        since = self.since.astimezone(ZoneInfo(zone))
        how = "%H:%M" if since.date() == until.date() else "%Y-%m-%d %H:%M"
        return f"nobody looked between {since:{how}} and {until:{how}}"


def begin_look(now: datetime) -> Standstill | None:
    """Return the latest standstill, if there was one; one statement, unless it ends now."""
    looks = _looks()
    if LOOKED not in looks or now - looks[LOOKED] > PATIENCE:
        return _end_standstill(now)
    return _standstill(looks)


def end_look(now: datetime) -> None:
    """Note that somebody looked; a clock that is set back changes nothing."""
    LastLook.objects.filter(name=LOOKED, at__lt=now).update(at=now)


def _looks() -> dict[str, datetime]:
    return dict(LastLook.objects.filter(name__in=NAMES).values_list("name", "at"))


def _standstill(looks: dict[str, datetime]) -> Standstill | None:
    until = looks.get(STANDSTILL_UNTIL)
    return Standstill(looks.get(STANDSTILL_SINCE), until) if until else None


@transaction.atomic
def _end_standstill(now: datetime) -> Standstill | None:
    """Note a standstill that ends now; of several processes, one does."""
    _, is_first = LastLook.objects.get_or_create(name=LOOKED, defaults={"at": now})
    LastLook.objects.select_for_update().get(name=LOOKED)
    looks = _looks()
    if not is_first and now - looks[LOOKED] <= PATIENCE:
        return _standstill(looks)  # another process was faster
    before = _standstill(looks)
    since = None if is_first else looks[LOOKED]
    if before and _is_unfinished(before):
        since = before.since
    _note(LOOKED, now)
    _note(STANDSTILL_UNTIL, now)
    if since:
        _note(STANDSTILL_SINCE, since)
    return Standstill(since, now)


def _is_unfinished(standstill: Standstill) -> bool:
    """Return True if what a standstill missed is not settled yet: the next one is one with it."""
    return Schedule.objects.filter(next_at__lte=standstill.until - PATIENCE).exists()


def _note(name: str, at: datetime) -> None:
    LastLook.objects.update_or_create(name=name, defaults={"at": at})
