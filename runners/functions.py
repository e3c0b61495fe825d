"""The functions that a `python` payload may name: those registered here, and nothing else."""

import inspect
import traceback
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, TypeVar

from django.apps import apps
from django.utils.module_loading import module_has_submodule

from runners.conf import setting

Function = TypeVar("Function", bound=Callable[..., Any])

WORKFLOW_TASKS = "workflow_tasks"
"""The module of an installed app that registers functions, without any setting."""

_functions: dict[str, Callable[..., Any]] = {}


NAMED = (
    "Wrong setting: TASK_FUNCTION_MODULES: ",
    ("A module must lie in the checkout or on PYTHONPATH."),
)
FOUND = "", f"The module {WORKFLOW_TASKS} of each installed app is loaded for its functions."
"""What is said before and after why a module of the setting, or of an app, cannot be imported."""


class UnknownFunction(LookupError):
    """No function of that name is registered."""


class UnusableModule(ImportError):
    """A module with functions cannot be imported; the message says in one line why."""

    def __init__(self, module: str, exc: BaseException) -> None:
        """Name the module, what was raised, and where."""
        why = import_problem(exc)
        before, after = FOUND if module.endswith(f".{WORKFLOW_TASKS}") else NAMED
        super().__init__(f"{before}{module} cannot be imported: {why}. {after}")


def import_problem(exc: BaseException) -> str:
    """Return in one line what a module has raised while it was imported, and where."""
    last = traceback.extract_tb(exc.__traceback__)[-1]
    is_inside = not last.filename.startswith("<frozen importlib")
    where = f" ({last.filename}, line {last.lineno})" if is_inside else ""
    return " ".join(f"{type(exc).__name__}: {exc}".split()) + where


def task_function(name: str) -> Callable[[Function], Function]:
    """
    Register a function under the name that payloads use.

    It is called with the payload's `kwargs`; its return value, as JSON, is the task's result.
    """

    def register(function: Function) -> Function:
        if _functions.setdefault(name, function) is not function:
            raise ValueError(f"two task functions are named '{name}'")
        return function

    return register


def function_modules() -> list[str]:
    """Return the modules of TASK_FUNCTION_MODULES, and `workflow_tasks` of each app that has it."""
    named = list(setting("TASK_FUNCTION_MODULES"))
    found = [
        f"{app.name}.{WORKFLOW_TASKS}"
        for app in apps.get_app_configs()
        if module_has_submodule(app.module, WORKFLOW_TASKS)
    ]
    return list(dict.fromkeys([*named, *found]))


def load_functions() -> None:
    """
    Import the modules that register functions.

    :raises UnusableModule: naming the first one that cannot be imported.
    """
    for module in function_modules():
        registered = dict(_functions)
        try:
            import_module(module)
        except (Exception, SystemExit) as exc:  # a script may end by sys.exit()
            # Otherwise the next attempt would find its functions registered, and say only that.
            _functions.clear()
            _functions.update(registered)
            raise UnusableModule(module, exc) from exc


def known_functions() -> dict[str, str]:
    """
    Return the registered functions by name, each with the first line of its docstring.

    :raises UnusableModule: if a module with functions cannot be imported.
    """
    load_functions()
    return {name: _summary(function) for name, function in sorted(_functions.items())}


def argument_problem(name: str, names: Iterable[str]) -> str:
    """Return why a registered function does not take arguments of these names; '' if it does."""
    try:
        inspect.signature(_functions[name]).bind(**dict.fromkeys(names))
    except TypeError as exc:
        return str(exc)
    except ValueError:  # of a function in C, nothing is known
        return ""
    return ""


def _summary(function: Callable[..., Any]) -> str:
    return (inspect.getdoc(function) or "").partition("\n")[0]


def call_function(name: str, kwargs: dict[str, Any]) -> Any:
    """
    Call a registered function.

    :raises UnknownFunction: naming the registered ones.
    :raises TypeError: if the arguments do not match its signature.
    """
    if name not in _functions:
        known = ", ".join(sorted(_functions))
        raise UnknownFunction(f"no function named '{name}' is registered here; use one of: {known}")
    inspect.signature(_functions[name]).bind(**kwargs)
    return _functions[name](**kwargs)


@task_function("noop")
def noop(**_: Any) -> None:
    """Do nothing."""
