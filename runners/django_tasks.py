"""
The tasks of `django.tasks` that a `task` payload may name, and how they are called.

To import a module is to run it, and authors of templates choose the name. So a module is imported
only if it may hold tasks: `tasks` of an installed app, or a module with functions. And only what is
a task is called.
"""

import inspect
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig, apps

from runners.functions import function_modules, import_problem

FRAMEWORKS = ("django.tasks.base", "django_tasks.base")
"""Django's own, from 6.0 on, and the backport of it for earlier versions."""
NAMES_A_FRAMEWORK = re.compile(rb"\bdjango[._]tasks\b")
TASKS = "tasks"
NO_FRAMEWORK = (
    "this Django has no tasks: they come with Django 6.0, or with the package django-tasks"
)


class UnknownDjangoTask(LookupError):
    """There is no such task here; the message says why."""


@dataclass(frozen=True, slots=True)
class DjangoAttempt:
    """Which attempt calls a task: what a task that takes a context may ask for."""

    id: str
    number: int


def find_task(path: str) -> Any:
    """
    Return the task at a path such as `shop.tasks.export`.

    :raises UnknownDjangoTask: if there is none that a payload may name.
    """
    if not frameworks():
        raise UnknownDjangoTask(NO_FRAMEWORK)
    module, _, name = path.rpartition(".")
    if not _allowed_modules().has(module):
        raise UnknownDjangoTask(
            f"no task is looked for in '{module}', only in modules named '{TASKS}' of installed "
            "apps and in those of TASK_FUNCTION_MODULES"
        )
    try:
        task = getattr(import_module(module), name, None)
    except (Exception, SystemExit) as exc:
        why = import_problem(exc)
        raise UnknownDjangoTask(f"{module} cannot be imported: {why}") from exc
    if not isinstance(task, _types()):
        known = ", ".join(_tasks_in(sys.modules[module])) or "none"
        raise UnknownDjangoTask(f"'{path}' is no task of Django; tasks of {module}: {known}")
    return task


def loaded_tasks() -> dict[str, str]:
    """Return the tasks of modules that are imported already, with what their docstrings say."""
    if not frameworks():
        return {}
    allowed = _allowed_modules()
    return {
        f"{module}.{name}": (inspect.getdoc(task.func) or "").partition("\n")[0]
        for module in sorted(filter(allowed.has, sys.modules))
        for name, task in _tasks_in(sys.modules[module]).items()
    }


def task_files() -> Iterator[str]:
    """Yield the files of installed apps that may hold tasks, imported or not."""
    for app in apps.get_app_configs() if frameworks() else ():
        yield from map(str, _files_of(app))


def load_tasks() -> None:
    """
    Import the tasks of installed apps, so that not every slot has to.

    Many modules of this name hold those of Celery instead, and are left alone. One that cannot be
    imported says so when a task of it is called.
    """
    for app in apps.get_app_configs() if frameworks() else ():
        if any(NAMES_A_FRAMEWORK.search(file.read_bytes()) for file in _files_of(app)):
            with suppress(Exception, SystemExit):
                import_module(f"{app.name}.{TASKS}")


def _files_of(app: AppConfig) -> list[Path]:
    return [*Path(app.path).glob(f"{TASKS}.py"), *Path(app.path, TASKS).rglob("*.py")]


def task_argument_problem(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> str:
    """Return why a task does not take these arguments; '' if it does."""
    try:
        _bind(task, args, kwargs)
    except TypeError as exc:
        return str(exc)
    return ""


def call_task(
    path: str, args: Sequence[Any], kwargs: Mapping[str, Any], attempt: DjangoAttempt
) -> Any:
    """
    Call a task, an asynchronous one, too; its backend and queue do not matter.

    :raises UnknownDjangoTask: if there is none that a payload may name.
    :raises TypeError: if the arguments do not match its signature.
    """
    task = find_task(path)
    _bind(task, args, kwargs)
    context = [_context(task, args, kwargs, attempt)] if task.takes_context else []
    return task.call(*context, *args, **kwargs)


@cache
def frameworks() -> dict[type[Any], Any]:
    """Return the frameworks that there are, by their type of a task."""
    found: dict[type[Any], Any] = {}
    for name in FRAMEWORKS:
        with suppress(ImportError):
            framework = import_module(name)
            found[framework.Task] = framework
    return found


def _types() -> tuple[type[Any], ...]:
    return tuple(frameworks())


@dataclass(frozen=True, slots=True)
class AllowedModules:
    """The modules in which a payload may name a task."""

    names: frozenset[str]
    prefixes: tuple[str, ...]

    def has(self, module: str) -> bool:
        """Return True if it is one of them."""
        return module in self.names or module.startswith(self.prefixes)


def _allowed_modules() -> AllowedModules:
    tasks = [f"{app.name}.{TASKS}" for app in apps.get_app_configs()]
    return AllowedModules(
        frozenset([*function_modules(), *tasks]), tuple(f"{name}." for name in tasks)
    )


def _tasks_in(module: Any) -> dict[str, Any]:
    return {name: task for name, task in vars(module).items() if isinstance(task, _types())}


def _bind(task: Any, args: Sequence[Any], kwargs: Mapping[str, Any]) -> None:
    context = [None] if task.takes_context else []
    inspect.signature(task.func).bind(*context, *args, **kwargs)


def _context(
    task: Any, args: Sequence[Any], kwargs: Mapping[str, Any], attempt: DjangoAttempt
) -> Any:
    """Return what a task that takes a context is told of its execution."""
    [framework] = [each for kind, each in frameworks().items() if isinstance(task, kind)]
    now = datetime.now(UTC)
    result = framework.TaskResult(
        task=task,
        id=attempt.id,
        status=framework.TaskResultStatus.RUNNING,
        enqueued_at=now,
        started_at=now,
        finished_at=None,
        last_attempted_at=now,
        args=list(args),
        kwargs=dict(kwargs),
        backend=task.backend,
        errors=[],
        worker_ids=[attempt.id] * attempt.number,  # their number is that of the attempt
    )
    return framework.TaskContext(task_result=result)
