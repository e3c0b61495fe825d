"""Sentences on dispatches and on waiting tasks, with links to the tasks that they name."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from workflows.admin.ui.display import link, listed, page_url
from workflows.insight.explain import task_sentence_from_json
from workflows.models import Task

MOST_DISPATCHED = 10
"""How many dispatched tasks a sentence names; the others are counted."""
MOST_BLOCKED = 5
"""How many blocked tasks are explained; the others are counted."""

MOMENT = r"\d{4}-\d\d-\d\d \d\d:\d\d UTC"

Json = Mapping[str, Any]
"""A part of an answer, in the API's form."""


def dispatch_sentence(answer: Json, *, is_preview: bool = False) -> SafeString:
    """
    Return which tasks were dispatched to which runners, or why none was.

    :param answer: to dispatch-ready.
    :param is_preview: the answer is that of a dry run.
    """
    if answer["dispatched"]:
        return _dispatched_sentence(answer, "Would dispatch" if is_preview else "Dispatched")
    verb = "would be" if is_preview else "was"
    blocked = answer["blocked"]
    reasons = format_html_join("", " {}", ((_blocked(task),) for task in blocked[:MOST_BLOCKED]))
    more = len(blocked) - MOST_BLOCKED + answer.get("left_out", 0)
    rest = f" {more:,} more task{'s wait' if more > 1 else ' waits'}." if more > 0 else ""
    return format_html("Nothing {} dispatched: {}.{}{}", verb, answer["reason"], reasons, rest)


def linked(sentence: str, tasks: Iterable[Json]) -> SafeString:
    """Return a sentence whose moments are elements, and in which the names of tasks are links."""
    links: dict[str, SafeString] = {
        escape(f"`{_task_name(task)}`"): _task_link(task["task_id"], _task_name(task))
        for task in tasks
    }
    parts = re.compile("|".join([*map(re.escape, links), MOMENT]))
    # Safe: the sentence is escaped, and so is the text of each link.
    return mark_safe(  # noqa: S308
        parts.sub(lambda found: links.get(found[0]) or _moment(found[0]), escape(sentence))
    )


def _moment(text: str) -> str:
    """Return a moment of a sentence as times.js finds it; as it is if there is none."""
    try:
        moment = datetime.strptime(text, "%Y-%m-%d %H:%M UTC").replace(tzinfo=UTC)
    except ValueError:
        return text
    element = '<time datetime="{}" data-form="minutes">{}</time>'
    return format_html(element, moment.isoformat(), text)


def explained(entry: Json) -> SafeString:
    """Return why a task waits, from its entry in `explain`, with links to the tasks named."""
    return linked(entry["sentence"], [*entry["root_causes"], *entry["waits_for"]])


def _dispatched_sentence(answer: Json, verb: str) -> SafeString:
    dispatches = answer.get("dispatches") or [answer["dispatch"]]
    total = len(dispatches) + answer.get("left_out", 0)
    named = dispatches[:MOST_DISPATCHED]
    count = "" if total == 1 else f" {total:,} tasks:"
    texts = listed(_dispatches(named), most=MOST_DISPATCHED, more=total - len(named))
    return format_html("{}{} {}.", verb, count, texts)


def _dispatches(dispatches: Sequence[Json]) -> Iterator[SafeString]:
    tasks = Task.objects.only("step_id").in_bulk([each["task_id"] for each in dispatches])
    for dispatch in dispatches:
        pk = dispatch["task_id"]
        name = tasks.get(pk, f"task {pk}")
        runner = dispatch["runner_submission"]["runner"]
        yield format_html("{} to runner {}", _task_link(pk, name), runner)


def _blocked(task: Json) -> SafeString:
    name = _task_link(task["task_id"], task["step_id"] or f"task {task['task_id']}")
    sentence = linked(task_sentence_from_json(task), task["root_causes"])
    return format_html("{}: {}", name, sentence)


def _task_name(task: Json) -> str:
    return str(task["step_id"] or task["title"])


def _task_link(task_id: int, name: object) -> SafeString:
    return link(page_url(Task, task_id), name)
