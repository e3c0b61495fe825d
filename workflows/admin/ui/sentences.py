"""What happened, and why nothing did: the sentences of the domain, with links."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from workflows.admin.ui.display import link, listed, page_url
from workflows.insight.explain import sentence_from
from workflows.models import Task

MOST_NAMED = 10
MOST_TOLD = 5

Answer = Mapping[str, Any]
"""An answer to dispatch-ready, in the form that the API gives it."""


def dispatch_sentence(answer: Answer, *, foreseen: bool = False) -> SafeString:
    """
    Say what was dispatched to which runner; or why nothing was, and what blocks.

    :param foreseen: of a dry run: say what would be.
    """
    if answer["dispatched"]:
        return _dispatched(answer, "Would dispatch" if foreseen else "Dispatched")
    verb = "would be" if foreseen else "was"
    blocked = answer["blocked"]
    told = format_html_join("", " {}", ((_wait(task),) for task in blocked[:MOST_TOLD]))
    more = len(blocked) - MOST_TOLD + answer.get("left_out", 0)
    rest = f" And {more:,} more wait." if more > 0 else ""
    return format_html("Nothing {} dispatched: {}.{}{}", verb, answer["reason"], told, rest)


def linked(sentence: str, tasks: Iterable[Answer]) -> SafeString:
    """Return a sentence of the domain, in which the names of these tasks lead to their pages."""
    links: dict[str, SafeString] = {
        escape(f"`{_name(task)}`"): _link(task["task_id"], _name(task)) for task in tasks
    }
    escaped = escape(sentence)
    if not links:
        return escaped
    names = re.compile("|".join(map(re.escape, links)))
    # Escaped before, and what is put in is escaped too.
    return mark_safe(names.sub(lambda found: links[found[0]], escaped))  # noqa: S308


def explained(entry: Answer) -> SafeString:
    """Return what the domain says of a task that waits, with links to what it waits for."""
    return linked(entry["sentence"], [*entry["root_causes"], *entry["waits_for"]])


def _dispatched(answer: Answer, verb: str) -> SafeString:
    sent = answer.get("dispatches") or [answer["dispatch"]]
    total = len(sent) + answer.get("left_out", 0)
    named = _named(sent[:MOST_NAMED])
    what = "" if total == 1 else f" {total:,} tasks:"
    texts = listed(named, most=MOST_NAMED, more=total - len(sent[:MOST_NAMED]))
    return format_html("{}{} {}.", verb, what, texts)


def _named(sent: Sequence[Answer]) -> Iterator[SafeString]:
    tasks = Task.objects.only("step_id").in_bulk([dispatch["task_id"] for dispatch in sent])
    for dispatch in sent:
        pk = dispatch["task_id"]
        name = tasks.get(pk, f"task {pk}")
        runner = dispatch["runner_submission"]["runner"]
        yield format_html("{} to runner {}", _link(pk, name), runner)


def _wait(blocked: Answer) -> SafeString:
    name = _link(blocked["task_id"], blocked["step_id"] or f"task {blocked['task_id']}")
    sentence = linked(sentence_from(blocked), blocked["root_causes"])
    return format_html("{}: {}", name, sentence)


def _name(task: Answer) -> str:
    return str(task["step_id"] or task["title"])


def _link(task_id: int, name: object) -> SafeString:
    return link(page_url(Task, task_id), name)
