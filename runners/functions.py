"""The functions that a `python` payload may name: those registered here, and nothing else."""

import inspect
import traceback
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any, TypeVar

from django.conf import settings

Function = TypeVar("Function", bound=Callable[..., Any])

_functions: dict[str, Callable[..., Any]] = {}


class UnknownFunction(LookupError):
    """No function of that name is registered."""


class UnusableModule(ImportError):
    """A module of TASK_FUNCTION_MODULES cannot be imported; the message says in one line why."""

    def __init__(self, module: str, exc: Exception) -> None:
        """Name the module, what was raised, and where."""
        last = traceback.extract_tb(exc.__traceback__)[-1]
        is_inside = not last.filename.startswith("<frozen importlib")
        where = f" ({last.filename}, line {last.lineno})" if is_inside else ""
        why = " ".join(f"{type(exc).__name__}: {exc}".split())
        super().__init__(
            f"Wrong setting: TASK_FUNCTION_MODULES: {module} cannot be imported: {why}{where}. "
            "A module must lie in the checkout or on PYTHONPATH."
        )


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


def load_functions() -> None:
    """
    Import the modules that register functions, as named by TASK_FUNCTION_MODULES.

    :raises UnusableModule: naming the first one that cannot be imported.
    """
    for module in settings.TASK_FUNCTION_MODULES:
        try:
            import_module(module)
        except Exception as exc:
            raise UnusableModule(module, exc) from exc


def known_functions() -> dict[str, str]:
    """
    Return the registered functions by name, each with the first line of its docstring.

    :raises UnusableModule: if a module of TASK_FUNCTION_MODULES cannot be imported.
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
