"""Tasks of Django, of 6.0 or of the backport."""

import asyncio
import os
import time
from importlib import import_module
from importlib.util import find_spec
from typing import Any

framework = import_module("django.tasks" if find_spec("django.tasks") else "django_tasks")
task = framework.task
LOADED_IN = os.getpid()


@task  # type: ignore[untyped-decorator]
def export(day: str, *, limit: int = 10) -> dict[str, Any]:
    """Export the orders of a day."""
    print(f"exporting {day}")  # noqa: T201 (looked for in the log)
    return {"day": day, "limit": limit, "run": os.environ["ORCHESTRATOR_RUN_ID"]}


@task(takes_context=True)  # type: ignore[untyped-decorator]
def count(context: Any, start: int) -> dict[str, Any]:
    """Return what the context says."""
    result = context.task_result
    return {"attempt": context.attempt, "id": result.id, "args": result.args, "start": start}


@task  # type: ignore[untyped-decorator]
async def sleep(seconds: float) -> str:
    """Take a while."""
    await asyncio.sleep(seconds)
    return "rested"


@task  # type: ignore[untyped-decorator]
def fail(text: str) -> None:
    """Raise."""
    raise ValueError(text)


@task  # type: ignore[untyped-decorator]
def wait(seconds: float) -> None:
    """Take a while."""
    time.sleep(seconds)


@task  # type: ignore[untyped-decorator]
def loaded_in() -> list[int]:
    """Return which process has loaded this module, and which calls the task."""
    return [LOADED_IN, os.getpid()]


def helper() -> None:
    """Is no task."""
