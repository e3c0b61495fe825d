"""The line of a log that tells best why a task has failed, for the lines of the dashboard."""

from collections.abc import Iterable, Mapping

from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from workflows.admin.ui.display import page_url
from workflows.insight.log_end import LastLine, telling_lines
from workflows.insight.situation import Situation
from workflows.models import TaskState, WorkflowRun


def lines_of(request: HttpRequest, situations: Iterable[Situation]) -> dict[int, LastLine]:
    """Return what the failed tasks printed that are named, if the reader may see logs."""
    if not request.user.has_perm("workflows.view_taskattempt"):
        return {}
    named = (task for situation in situations for task in situation.tasks)
    return telling_lines([task.task_id for task in named if task.status == TaskState.FAILED])


def line_of(run: WorkflowRun, situation: Situation, lines: Mapping[int, LastLine]) -> SafeString:
    """Return the line of the first failed task that has printed something, with its number."""
    task = next((task.task_id for task in situation.tasks if task.task_id in lines), None)
    if task is None:
        return SafeString()
    line = lines[task]
    place = f":L{line.number}" if line.number else ""
    url = f"{page_url(WorkflowRun, run.pk)}#task-{task}{place}"
    name = f"L{line.number}" if line.number else "log"
    return format_html('<a href="{}">{}</a> <code>{}</code>', url, name, line.text)
