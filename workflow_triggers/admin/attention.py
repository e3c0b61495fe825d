"""What needs attention of schedules: moments that were missed or refused, and runs that wait."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html

from workflow_triggers.admin.occurrences import RUN_NUMBER, schedule_url, with_links
from workflow_triggers.admin.operations import FIRE
from workflow_triggers.models import Occurrence, Outcome, Schedule
from workflows.admin.dashboard.items import AttentionGroup, AttentionItem, Shortcut, known_actions
from workflows.admin.ui.display import badge, link, list_url, page_url
from workflows.insight.attention import MOST_COUNTED
from workflows.models import WorkflowRun

RECENT = timedelta(days=1)
"""What was missed or refused longer ago needs nobody any more."""
TROUBLE = (Outcome.MISSED, Outcome.REFUSED)
SHOWN = 5


def troubled() -> QuerySet[Occurrence]:
    """Return what enabled schedules missed or refused lately, with no run or refusal since."""
    later = Occurrence.objects.filter(
        schedule=OuterRef("schedule"),
        moment__gt=OuterRef("moment"),
        outcome__in=(Outcome.RUN, *TROUBLE),
    )
    return Occurrence.objects.filter(
        ~Exists(later),
        moment__gt=timezone.now() - RECENT,
        outcome__in=TROUBLE,
        schedule__is_enabled=True,
    )


def stopped() -> QuerySet[Schedule]:
    """Return enabled schedules that cannot be looked at: something was raised."""
    return Schedule.objects.enabled().exclude(trouble="")


def trouble_count() -> int:
    """Return how many enabled schedules are in trouble, at most `MOST_COUNTED`."""
    missed = troubled().order_by().values_list("schedule")
    ids = Schedule.objects.filter(Q(pk__in=missed) | Q(is_enabled=True) & ~Q(trouble=""))
    return len(ids.order_by().values_list("pk")[:MOST_COUNTED])


def schedule_group(request: HttpRequest) -> AttentionGroup:
    """Return the lines of the dashboard; three statements."""
    waiting = Occurrence.objects.filter(outcome=Outcome.QUEUED, schedule__is_enabled=True)
    found = [
        *(_stopped_item(each) for each in stopped().order_by("pk")[:MOST_COUNTED]),
        *(
            _missed_item(request, each)
            for each in troubled().select_related("schedule").order_by("-moment")[:MOST_COUNTED]
        ),
        *_waiting_items(waiting.select_related("schedule").order_by("moment")[:MOST_COUNTED]),
    ]
    group = AttentionGroup("Schedules", "calendar", list_url(Schedule), len(found))
    group.items = found[:SHOWN]
    return group


def _missed_item(request: HttpRequest, each: Occurrence) -> AttentionItem:
    schedule = each.schedule
    times = f" {each.count:,} times since" if each.count > 1 else " at"
    text = format_html(
        "schedule {} made no run{} {}: {}",
        link(schedule_url(schedule.pk), schedule.name),
        times,
        _moment(each),
        with_links(each.reason or each.outcome),
    )
    actions = known_actions(request, Schedule, [FIRE], [schedule.pk])
    refused = each.outcome == Outcome.REFUSED
    may_edit = refused and request.user.has_perm("workflow_triggers.change_schedule")
    url = schedule_url(schedule.pk)
    shortcut = Shortcut(f"{url}?edit", "Edit it") if may_edit else Shortcut(url, "See schedule")
    return AttentionItem(
        badge(each.outcome, "disabled"), text, each.moment, actions, shortcut=shortcut
    )


def _waiting_items(waiting: QuerySet[Occurrence]) -> list[AttentionItem]:
    """Return one line for each schedule, however many of its runs wait."""
    first: dict[int, Occurrence] = {}
    counts: dict[int, int] = {}
    for each in waiting:
        first.setdefault(each.schedule_id, each)
        counts[each.schedule_id] = counts.get(each.schedule_id, 0) + 1
    return [_waiting_item(each, counts[each.schedule_id]) for each in first.values()]


def _waiting_item(each: Occurrence, count: int) -> AttentionItem:
    what = "a run waits" if count == 1 else f"{count:,} runs wait"
    why = with_links(f": {each.reason}") if each.reason else ""
    url = schedule_url(each.schedule_id)
    text = format_html("schedule {}: {}{}", link(url, each.schedule.name), what, why)
    run = RUN_NUMBER.search(each.reason)
    shortcut = (
        Shortcut(page_url(WorkflowRun, run[1]), f"See run {run[1]}")
        if run
        else Shortcut(url, "See schedule")
    )
    return AttentionItem(badge("waits", "dispatched"), text, each.moment, shortcut=shortcut)


def _stopped_item(schedule: Schedule) -> AttentionItem:
    url = schedule_url(schedule.pk)
    text = format_html("schedule {} cannot fire: {}", link(url, schedule.name), schedule.trouble)
    return AttentionItem(
        badge("trouble", "refused"), text, schedule.next_at, shortcut=Shortcut(url, "See schedule")
    )


def _moment(each: Occurrence) -> str:
    return format_html(
        '<time datetime="{}" data-form="weekday">{}</time>',
        each.moment.isoformat(),
        f"{each.moment:%Y-%m-%d %H:%M}",
    )
