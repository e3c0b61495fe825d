"""What happened, and why nothing did, in sentences for people."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows.admin.display import link, listed, page_url
from workflows.models import Task, TaskState
from workflows.readiness import DEPENDENCIES, blocked_tasks

MOST_NAMED = 10

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
    sentence = format_html("Nothing {} dispatched: {}.", verb, answer["reason"])
    if not (blocked := answer["blocked"]):
        return sentence
    more = answer.get("left_out", 0)
    return format_html("{} {}.", sentence, listed(map(_wait, blocked), most=MOST_NAMED, more=more))


def deadlock_sentence(deadlock: Mapping[str, Any]) -> SafeString:
    """Say that a run cannot go on by itself, what keeps it, and what an operator can do."""
    causes = listed(map(_cause, deadlock["root_causes"]), most=MOST_NAMED)
    text = (
        "Deadlock: {} pending {} can never become ready, because of {}. "
        "Retry what failed, or mark it as success, and the run goes on."
    )
    blocked = deadlock["blocked"]
    return format_html(text, blocked, "task" if blocked == 1 else "tasks", causes)


def waiting_sentence(task: Task) -> SafeString | str:
    """Say what a pending task waits for, down to the root causes; nothing of others."""
    if task.run is None or task.state != TaskState.PENDING:
        return ""
    if not task.unmet_count:
        return "Ready: it goes out with one of the next dispatches, if the run hands out tasks."
    waiting = blocked_tasks(task.run)
    found = next((blocked for blocked in waiting if blocked.task_id == task.pk), None)
    if found is None or not found.root_causes:
        return "Waits for upstream tasks that have not finished."
    causes = (_cause(cause.as_json()) for cause in found.root_causes)
    text = "Waits, and by itself will wait for ever, because of {}."
    return format_html(text, listed(causes, most=MOST_NAMED))


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


def _wait(blocked: Mapping[str, Any]) -> SafeString:
    name = _link(blocked["task_id"], blocked["step_id"] or f"task {blocked['task_id']}")
    if blocked["root_causes"]:
        causes = listed(map(_cause, blocked["root_causes"]), most=MOST_NAMED)
        return format_html("{} waits because of {}", name, causes)
    if blocked["reason"] == DEPENDENCIES:
        return format_html("{} waits for upstream tasks", name)
    return format_html("{}: {}", name, blocked["reason"])


def _cause(cause: Mapping[str, Any]) -> SafeString:
    name = cause["step_id"] or cause["title"]
    return format_html("{} ({})", _link(cause["task_id"], name), cause["status"])


def _link(task_id: int, name: object) -> SafeString:
    return link(page_url(Task, task_id), name)
