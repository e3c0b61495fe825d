"""What is wrong with a payload that names a task of Django, for kinds that executors serve."""

from collections.abc import Iterator, Mapping
from typing import Any

from runners.django_tasks import UnknownDjangoTask, find_task, task_argument_problem
from runners.jobs import WORK
from workflows.payloads.syntax import EXPRESSION_START

WRONG_PATH = "payload.task: must be the path of a task, such as 'shop.tasks.export'"


def task_problems(payload: Mapping[str, Any]) -> Iterator[tuple[str, bool]]:
    """Yield what is wrong, each with whether that is an error: wrong arguments are a warning."""
    if "task" not in payload:
        return
    if other := next((key for key in WORK if key in payload and key != "task"), None):
        yield f"payload: contains both '{other}' and 'task'; keep one", True
        return
    path, args = payload["task"], payload.get("args", [])
    if not isinstance(path, str) or not path:
        yield WRONG_PATH, True
    elif not isinstance(args, list):
        yield "payload.args: must be a list", True
    elif EXPRESSION_START not in path:
        yield from _problems_of(path, args, payload.get("kwargs", {}))


def _problems_of(
    path: str, args: list[Any], kwargs: Mapping[str, Any]
) -> Iterator[tuple[str, bool]]:
    try:
        task = find_task(path)
    except UnknownDjangoTask as exc:
        yield f"payload.task: {exc}", True
        return
    if problem := task_argument_problem(task, args, kwargs):
        field = "args" if args else "kwargs"
        yield f"payload.{field}: '{path}' does not take these: {problem}", False
