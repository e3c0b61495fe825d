"""Schedules as lists show them: when, what was last, what comes next, and whose they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflow_triggers.admin.occurrences import Shown, schedule_url, shown
from workflow_triggers.admin.preview import in_words, words_of
from workflow_triggers.models import Occurrence, Schedule
from workflows.admin.ui.display import EMPTY, badge, time_shown


@dataclass(frozen=True, slots=True)
class Row:
    """A schedule of a list."""

    schedule: Schedule
    last: Shown | None
    gone: str
    """Who changed it last, if that user is gone or inactive."""

    @property
    def url(self) -> str:
        """Return the address of its page."""
        return schedule_url(self.schedule.pk)

    @property
    def words(self) -> str:
        """Return when it fires."""
        return words_of(self.schedule)

    @property
    def next(self) -> SafeString | str:
        """Return its next moment, as the reader's clock and as its own shows it."""
        at = self.schedule.next_at
        if not at or not self.schedule.is_enabled:
            return EMPTY
        local = in_words(at, ZoneInfo(self.schedule.zone))
        return format_html('{} <span class="quiet">{}</span>', time_shown(at), local)

    @property
    def state(self) -> SafeString:
        """Return whether it counts; if not, who disabled it and why."""
        schedule = self.schedule
        if schedule.is_enabled:
            trouble = getattr(schedule, "trouble", "")
            return badge("trouble", "refused") if trouble else badge("enabled")
        by = f"by {schedule.switched_by}" if schedule.switched_by else ""
        why = f"“{schedule.switch_reason}”" if schedule.switch_reason else ""
        said = ", ".join(filter(None, [by, why]))
        return format_html('{} <span class="quiet">{}</span>', badge("disabled"), said)


def rows_of(schedules: Sequence[Schedule]) -> list[Row]:
    """Return rows with their last occurrences; a constant number of statements."""
    last = last_occurrences([each.pk for each in schedules])
    gone = gone_users(schedules)
    return [Row(each, last.get(each.pk), gone.get(each.pk, "")) for each in schedules]


def last_occurrences(schedule_ids: Sequence[int]) -> dict[int, Shown]:
    """Return the latest occurrence of each schedule: three statements."""
    latest = (
        Occurrence.objects.filter(schedule__in=schedule_ids)
        .order_by()
        .values("schedule")
        .annotate(last=Max("moment"))
    )
    moments = {each["schedule"]: each["last"] for each in latest}
    found = Occurrence.objects.filter(
        schedule__in=schedule_ids, moment__in=set(moments.values())
    ).order_by("id")
    mine = {each.schedule_id: each for each in found if moments[each.schedule_id] == each.moment}
    return {each.occurrence.schedule_id: each for each in shown(list(mine.values()))}


def gone_users(schedules: Iterable[Schedule]) -> Mapping[int, str]:
    """Return by schedule who changed it last, if that user is gone or inactive; one statement."""
    texts = {each.changed_by_user for each in schedules if each.changed_by_user}
    if not (keys := {key for text in texts if (key := _key_of_user(text)) is not None}):
        return {each.pk: each.changed_by for each in schedules if each.changed_by_user}
    users = get_user_model()._default_manager.filter(pk__in=keys, is_active=True)
    active = {str(pk) for pk in users.values_list("pk", flat=True)}
    return {
        each.pk: each.changed_by
        for each in schedules
        if each.changed_by_user and each.changed_by_user not in active
    }


def _key_of_user(text: str) -> Any:
    """Return the key of a user from its text; None if no user can have it."""
    try:
        return get_user_model()._meta.pk.to_python(text)
    except ValidationError:
        return None
