"""The runner kinds of this installation: the backends that the setting RUNNER_BACKENDS names."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from django.utils.module_loading import import_string

from runners.base import (
    RunnerAddress,
    RunnerBackend,
    RunnerField,
    RunnerReport,
    RunnerUnavailable,
    Submission,
    TaskPayload,
)
from runners.conf import setting

KIND_FIELDS = ("url", "queue")
"""The columns of a runner that only some kinds use."""
OPTIONS, CREDENTIALS = "options", "credentials"
"""The columns with what each kind declares for itself, by name."""

Value = TypeVar("Value", str, RunnerField)


class MissingBackend(RunnerBackend):
    """Stands for a kind that RUNNER_BACKENDS no longer has: its attempts wait until it does."""

    def unavailable(self) -> str:
        """Return what to do."""
        return "RUNNER_BACKENDS has no such kind of runner; add it, or use another runner."

    def wire(self, task: TaskPayload) -> dict[str, Any]:
        """Return the payload itself, which nobody is given."""
        return dict(task.payload)

    def submit(self, wire: dict[str, Any], to: RunnerAddress, *, token: str) -> Submission:
        """Refuse."""
        raise self._refusal(to)

    def poll(self, wire: dict[str, Any], at: RunnerAddress) -> RunnerReport | None:
        """Say nothing of the attempt."""
        raise self._refusal(at)

    cancel = poll

    def _refusal(self, runner: RunnerAddress) -> RunnerUnavailable:
        return RunnerUnavailable(f"runners of kind '{runner.kind}' are not available here")


def backend_of(kind: str) -> RunnerBackend:
    """Return the backend of a kind; of one that this installation lacks, one that refuses all."""
    path = setting("RUNNER_BACKENDS").get(kind)
    return _load(path) if path else MissingBackend()


def backends() -> dict[str, RunnerBackend]:
    """Return all backends by kind, in the order of the setting."""
    return {kind: backend_of(kind) for kind in setting("RUNNER_BACKENDS")}


def kinds_served_locally() -> list[str]:
    """Return the kinds whose attempts local executors claim and execute."""
    return [kind for kind, backend in backends().items() if backend.served_locally]


def kinds_calling_back() -> list[str]:
    """Return the kinds whose hosts report by themselves, to the callback address."""
    return [kind for kind, backend in backends().items() if backend.calls_back]


def pulling_kinds() -> list[str]:
    """Return the kinds whose attempts wait in the database until an executor claims them."""
    return [kind for kind, backend in backends().items() if backend.pulls]


def kinds_reading(key: str) -> list[str]:
    """Return the kinds that read a key of a payload."""
    return [
        kind
        for kind, backend in backends().items()
        if backend.payload_keys is None or key in backend.payload_keys
    ]


def errors_of(runner: RunnerAddress) -> dict[str, str]:
    """
    Return what is wrong with a runner of its kind; each text says what to do.

    By place: `url`, `options.ca_file`, `credentials.token`.
    """
    backend = backend_of(runner.kind)
    declared, given = declared_fields(backend), _values_of(runner)
    found = {
        place: _problem(runner.kind, place, declared, given.get(place, ""))
        for place in {**declared, **given}
    }
    if errors := {place: text for place, text in found.items() if text}:
        return errors
    return {_place_of(name, declared): text for name, text in backend.check(runner).items()}


def declared_fields(backend: RunnerBackend) -> dict[str, RunnerField]:
    """Return the fields, options and credentials that a kind declares, by place."""
    return {
        **backend.fields,
        **_placed(OPTIONS, backend.options),
        **_placed(CREDENTIALS, backend.credentials),
    }


def own_places() -> dict[str, RunnerField]:
    """Return the options and credentials of all kinds, by place; of a shared one the first."""
    found: dict[str, RunnerField] = {}
    for group in (CREDENTIALS, OPTIONS):
        for backend in backends().values():
            found |= {**_placed(group, getattr(backend, group)), **found}
    return found


def kind_help() -> str:
    """Return the description of each kind, in one line."""
    return _joined({kind: backend.summary for kind, backend in backends().items()})


def field_help(place: str) -> str:
    """Return, for each kind that uses a field, what to enter there."""
    used = {kind: declared_fields(backend).get(place) for kind, backend in backends().items()}
    return _joined({kind: field.help_text for kind, field in used.items() if field})


def _placed(group: str, values: Mapping[str, Value]) -> dict[str, Value]:
    return {f"{group}.{name}": value for name, value in values.items()}


def _values_of(runner: RunnerAddress) -> dict[str, str]:
    return {
        **{name: getattr(runner, name) for name in KIND_FIELDS},
        **_placed(OPTIONS, runner.options),
        **_placed(CREDENTIALS, runner.credentials),
    }


def _problem(kind: str, place: str, declared: Mapping[str, RunnerField], value: str) -> str:
    group, dot, own = place.partition(".")
    name = own if dot else place
    if (field := declared.get(place)) is None:
        known = [each.partition(".")[2] for each in declared if each.startswith(group + dot)]
        only = f"; they have {', '.join(known)}" if known else ""
        return f"Leave this empty: runners of kind {kind} have no {name}{only}." if value else ""
    if not value:
        needed = f"A runner of kind {kind} needs a {name}: {field.help_text}."
        return needed if field.is_required else ""
    return field.check(value) if field.check else ""


def _place_of(name: str, declared: Mapping[str, RunnerField]) -> str:
    """Return the place of a field that a backend's own check names."""
    places = (name, f"{OPTIONS}.{name}", f"{CREDENTIALS}.{name}")
    return next((place for place in places if place in declared), name)


def _joined(texts: dict[str, str]) -> str:
    return " ".join(f"{kind}: {text}." for kind, text in texts.items() if text)


@cache
def _load(path: str) -> RunnerBackend:
    backend: RunnerBackend = import_string(path)()
    return backend
