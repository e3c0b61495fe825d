"""The runner kinds of this installation: the backends that the setting RUNNER_BACKENDS names."""

from functools import cache

from django.conf import settings
from django.utils.module_loading import import_string

from runners.base import RunnerAddress, RunnerBackend

KIND_FIELDS = ("url", "queue")
"""The fields of a runner that only some kinds use."""


def backend_of(kind: str) -> RunnerBackend:
    """
    Return the backend of a kind.

    :raises KeyError: if this installation has no such kind.
    """
    return _load(settings.RUNNER_BACKENDS[kind])


def backends() -> dict[str, RunnerBackend]:
    """Return all backends by kind, in the order of the setting."""
    return {kind: backend_of(kind) for kind in settings.RUNNER_BACKENDS}


def kinds_served_locally() -> list[str]:
    """Return the kinds whose attempts local executors claim and execute."""
    return [kind for kind, backend in backends().items() if backend.served_locally]


def pulling_kinds() -> list[str]:
    """Return the kinds whose attempts wait in the database until an executor claims them."""
    return [kind for kind, backend in backends().items() if backend.pulls]


def errors_of(runner: RunnerAddress) -> dict[str, str]:
    """Return what is wrong with a runner of its kind, by field; each text says what to do."""
    backend = backend_of(runner.kind)
    errors = {}
    for name in KIND_FIELDS:
        value, field = getattr(runner, name), backend.fields.get(name)
        if value and not field:
            errors[name] = f"Leave this empty: runners of kind {runner.kind} have no {name}."
        if field and field.is_required and not value:
            errors[name] = f"A runner of kind {runner.kind} needs a {name}: {field.help_text}."
    return errors or backend.check(runner)


def kind_help() -> str:
    """Return the description of each kind, in one line."""
    return _joined({kind: backend.summary for kind, backend in backends().items()})


def field_help(name: str) -> str:
    """Return, for each kind that uses a field, what to enter there."""
    used = {kind: backend.fields.get(name) for kind, backend in backends().items()}
    return _joined({kind: field.help_text for kind, field in used.items() if field})


def _joined(texts: dict[str, str]) -> str:
    return " ".join(f"{kind}: {text}." for kind, text in texts.items() if text)


@cache
def _load(path: str) -> RunnerBackend:
    backend: RunnerBackend = import_string(path)()
    return backend
