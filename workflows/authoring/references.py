"""Checks of the names that the expressions of a template's steps use."""

from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from typing import Any

from workflows import graph
from workflows.authoring.spec import StepSpec
from workflows.payloads import names
from workflows.payloads.expressions import references
from workflows.payloads.parameters import (
    missing_parameters,
    properties,
    takes_other_parameters,
)
from workflows.payloads.suggestions import nearest, suggested

Path = tuple[str, ...]
Problem = tuple[str, bool]
"""What is wrong, and whether it is an error: else it is a warning."""

NO_STEPS = "a task that is made alone follows no steps, so there is nothing in 'tasks'"
TO_PRINT = "to print braces literally, write {{ '{{…}}' }}"


def _unknown(name: str, known: Collection[str]) -> str:
    return f"unknown name '{name}'; {suggested(name, known)}"


class References:
    """The names in the expressions of a template, with what they may refer to."""

    def __init__(self, steps: Sequence[StepSpec], schema: dict[str, Any]) -> None:
        """Begin with a template's steps and schema, and no names yet."""
        self._steps = {step.step_id: step for step in steps}
        self._upstream = {step.step_id: step.depends_on for step in steps}
        self._schema = schema
        self._found: dict[str, list[tuple[str, Path]]] = {}

    def read(self, step: StepSpec) -> None:
        """Find the names that a step uses."""
        if found := list(references(step.payload)):
            self._found[step.step_id] = found

    def problems(self) -> Iterator[tuple[StepSpec, str, bool]]:
        """Yield what is wrong with the names that were found, and whether it is an error."""
        for step_id, found in self._found.items():
            step = self._steps[step_id]
            for text, path in found:
                for why, is_error in self._problems(step, path):
                    yield step, f"{text}: {why}", is_error

    def problems_alone(self) -> Iterator[str]:
        """Yield what is wrong with the names of tasks that are in no run: none follows another."""
        for found in self._found.values():
            for text, path in found:
                if path[0] == names.TASKS:
                    yield f"{text}: {NO_STEPS}"
                else:
                    known = self._problems(StepSpec("", ""), path)
                    yield from (f"{text}: {why}" for why, is_error in known if is_error)

    def _problems(self, step: StepSpec, path: Path) -> Iterator[Problem]:
        match path:
            case (str(name), *_) if name not in names.KNOWN_NAMES:
                yield f"{_unknown(name, names.KNOWN_NAMES)}; {TO_PRINT}", True
            case (names.TASKS, str(other), *fields):
                yield from self._task_problems(step, other, fields)
            case (names.PARAMS, str(name), *_) if name in self._missing:
                yield self._missing_parameter(name)
            case (str(name), str(key), *_) if key not in names.FIXED_NAMES.get(name, (key,)):
                yield _unknown(key, names.FIXED_NAMES[name]), True

    def _task_problems(
        self, step: StepSpec, other: str, fields: Sequence[str]
    ) -> Iterator[Problem]:
        if other not in self._upstream:
            yield f"there is no step '{other}'; {suggested(other, self._upstream)}", True
        elif other == step.step_id:
            yield f"'{other}' is this step itself, which has no result before it has run", True
        elif other not in self._reachable[step.step_id]:
            yield f"step '{other}' is not upstream of '{step.step_id}'; add it to depends_on", True
        if fields and fields[0] not in names.STEP_NAMES:
            yield _unknown(fields[0], names.STEP_NAMES), True

    def _missing_parameter(self, name: str) -> Problem:
        known = properties(self._schema)
        found = nearest(name, known)
        remedy = f"did you mean '{found}'? Otherwise add" if found else "add"
        why = f"parameters_schema has no parameter '{name}'; {remedy} it to its properties"
        return why, not takes_other_parameters(self._schema)

    @cached_property
    def _reachable(self) -> dict[str, set[str]]:
        wanted = {step_id: self._keys(found, names.TASKS) for step_id, found in self._found.items()}
        return graph.upstream_among(
            self._upstream, {step_id: keys for step_id, keys in wanted.items() if keys}
        )

    @cached_property
    def _missing(self) -> set[str]:
        if not self._schema:
            return set()
        used = {key for found in self._found.values() for key in self._keys(found, names.PARAMS)}
        return set(missing_parameters(self._schema, used))

    @staticmethod
    def _keys(found: Sequence[tuple[str, Path]], name: str) -> set[str]:
        return {path[1] for _, path in found if len(path) > 1 and path[0] == name}
