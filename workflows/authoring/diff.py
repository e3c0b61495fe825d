"""The difference between two versions of a template, by step, edge and line of YAML. No Django."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any

from workflows.authoring.yaml_json import write_yaml

Template = Mapping[str, Any]
Line = tuple[str, str]
"""A sign and a line of YAML: `+` is added, `-` removed, a space unchanged."""

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"
CONTEXT_LINES = 2
"""Unchanged lines shown before and after a change."""


@dataclass(frozen=True, slots=True)
class StepDifference:
    """The change of one step: `added`, `removed`, `changed` (with its fields) or `same`."""

    step_id: str
    title: str
    change: str
    fields: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class Edge:
    """A dependency that is `added`, `removed` or the `same`."""

    upstream: str
    downstream: str
    change: str


@dataclass(frozen=True, slots=True)
class Difference:
    """All steps and edges of both versions, in the order of the newer one, with their changes."""

    fields: tuple[str, ...]
    lines: tuple[Line, ...]
    steps: tuple[StepDifference, ...]
    edges: tuple[Edge, ...]

    @property
    def changed_steps(self) -> list[StepDifference]:
        """The steps that differ."""
        return [step for step in self.steps if step.change != SAME]

    @property
    def is_empty(self) -> bool:
        """Whether the two versions are equal."""
        return not self.fields and not self.changed_steps

    def as_graph(self) -> dict[str, Any]:
        """Return the steps and edges as plain data, for the graph."""
        columns = ("step_id", "title", "change", "fields")
        steps = [{name: getattr(step, name) for name in columns} for step in self.steps]
        return {"steps": steps, "edges": [asdict(edge) for edge in self.edges]}


def difference(before: Template | None, after: Template) -> Difference:
    """
    Compare two versions, given as plain data without defaults.

    Without an older version, everything is the `same`. Steps are matched by their ids: a renamed
    step counts as removed and added.
    """
    before = after if before is None else before
    old = {step["step_id"]: step for step in before["steps"]}
    new = {step["step_id"]: step for step in after["steps"]}
    moved = _moved_steps(list(old), list(new))
    compared = [_compare_step(old.get(name), step, name in moved) for name, step in new.items()]
    removed = [_removed_step(step) for name, step in old.items() if name not in new]
    old_fields, new_fields = _fields_without_steps(before), _fields_without_steps(after)
    return Difference(
        _changed_fields(old_fields, new_fields),
        tuple(_diff_lines(old_fields, new_fields)),
        (*compared, *removed),
        tuple(_compare_edges(before, after)),
    )


def change_summary(before: Template, after: Template) -> str:
    """Return in a few words how two versions differ: `1 step added, 2 changed`."""
    old = {step["step_id"]: step for step in before["steps"]}
    new = {step["step_id"]: step for step in after["steps"]}
    counts = {
        ADDED: len(new.keys() - old.keys()),
        REMOVED: len(old.keys() - new.keys()),
        CHANGED: sum(
            _as_json(step) != _as_json(new[name]) for name, step in old.items() if name in new
        ),
    }
    told = [f"{n} {change}" for change, n in counts.items() if n]
    if told:
        n, change = told[0].split()
        return ", ".join([f"{n} step{'' if n == '1' else 's'} {change}", *told[1:]])
    fields = _changed_fields(_fields_without_steps(before), _fields_without_steps(after))
    return ", ".join(fields) or "the order of its steps"


def _fields_without_steps(template: Template) -> dict[str, Any]:
    return {name: value for name, value in template.items() if name != "steps"}


def _compare_step(
    old: Mapping[str, Any] | None, new: Mapping[str, Any], is_moved: bool
) -> StepDifference:
    if old is None:
        return StepDifference(new["step_id"], new["title"], ADDED, (), tuple(_diff_lines({}, new)))
    fields = (*_changed_fields(old, new), *(["order"] if is_moved else []))
    change = CHANGED if fields else SAME
    return StepDifference(
        new["step_id"], new["title"], change, fields, tuple(_diff_lines(old, new))
    )


def _removed_step(old: Mapping[str, Any]) -> StepDifference:
    return StepDifference(old["step_id"], old["title"], REMOVED, (), tuple(_diff_lines(old, {})))


def _changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    names = dict.fromkeys([*old, *new])
    return tuple(name for name in names if _as_json(old.get(name)) != _as_json(new.get(name)))


def _as_json(value: Any) -> str:
    # As JSON text, because True == 1 in Python.
    return json.dumps(value, sort_keys=True)


def _diff_lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Line]:
    if _as_json(old) == _as_json(new):
        return
    before, after = (write_yaml(dict(data)).splitlines() if data else [] for data in (old, new))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(CONTEXT_LINES)):
        if number:
            yield " ", "…"
        for tag, start, end, start_after, end_after in group:
            yield from ((" " if tag == "equal" else "-", line) for line in before[start:end])
            if tag != "equal":
                yield from (("+", line) for line in after[start_after:end_after])


def _compare_edges(before: Template, after: Template) -> Iterator[Edge]:
    old, new = _pairs(before), _pairs(after)
    for pair in new:
        yield Edge(*pair, SAME if pair in old else ADDED)
    for pair in old:
        if pair not in new:
            yield Edge(*pair, REMOVED)


def _pairs(template: Template) -> dict[tuple[str, str], None]:
    steps = template["steps"]
    return {(name, step["step_id"]): None for step in steps for name in step.get("depends_on", ())}


def _moved_steps(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Return the smallest set of steps without which both orders are the same."""
    old_positions = {name: number for number, name in enumerate(old)}
    common = [name for name in new if name in old_positions]
    stayed = _longest_increasing([old_positions[name] for name in common])
    return set(common) - {common[index] for index in stayed}


def _longest_increasing(numbers: Sequence[int]) -> set[int]:
    """Return the indices of a longest increasing subsequence (patience sorting)."""
    tops: list[int] = []
    piles: list[int] = []
    before: list[int] = []
    for index, number in enumerate(numbers):
        pile = bisect_left(tops, number)
        before.append(piles[pile - 1] if pile else -1)
        tops[pile : pile + 1] = [number]
        piles[pile : pile + 1] = [index]
    found: set[int] = set()
    index = piles[-1] if piles else -1
    while index >= 0:
        found.add(index)
        index = before[index]
    return found
