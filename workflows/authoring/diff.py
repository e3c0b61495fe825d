"""What differs between two versions of a template, as their files would show it. No Django."""

import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from difflib import SequenceMatcher
from typing import Any

from workflows.authoring.yaml_json import write_yaml

Template = Mapping[str, Any]
Line = tuple[str, str]
"""A line of YAML behind its sign: `+` is new, `-` is gone, a space is around them."""

ADDED, REMOVED, CHANGED, SAME = "added", "removed", "changed", "same"
AROUND = 2
"""Lines shown before and after a change."""


@dataclass(frozen=True, slots=True)
class StepDifference:
    """What became of one step: `added`, `removed`, `changed` (in which fields) or `same`."""

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
    """All steps and edges of both versions, in the order of the newer one, and what changed."""

    fields: tuple[str, ...]
    lines: tuple[Line, ...]
    steps: tuple[StepDifference, ...]
    edges: tuple[Edge, ...]

    @property
    def changed_steps(self) -> list[StepDifference]:
        """The steps that are not as they were."""
        return [step for step in self.steps if step.change != SAME]

    @property
    def is_empty(self) -> bool:
        """Whether the two versions are the same."""
        return not self.fields and not self.changed_steps

    def as_graph(self) -> dict[str, Any]:
        """Return what a drawing needs."""
        drawn = ("step_id", "title", "change", "fields")
        steps = [{name: getattr(step, name) for name in drawn} for step in self.steps]
        return {"steps": steps, "edges": [asdict(edge) for edge in self.edges]}


def difference(before: Template | None, after: Template) -> Difference:
    """
    Compare two versions, given as plain data without defaults; without an older one, all is same.

    A step is known by its id: with another one, it is another step.
    """
    before = after if before is None else before
    old = {step["step_id"]: step for step in before["steps"]}
    new = {step["step_id"]: step for step in after["steps"]}
    moved = _moved(list(old), list(new))
    kept = [_step(old.get(name), step, name in moved) for name, step in new.items()]
    gone = [_removed(step) for name, step in old.items() if name not in new]
    about_old, about_new = _about(before), _about(after)
    return Difference(
        _fields(about_old, about_new),
        tuple(_lines(about_old, about_new)),
        (*kept, *gone),
        tuple(_edges(before, after)),
    )


def _about(template: Template) -> dict[str, Any]:
    return {name: value for name, value in template.items() if name != "steps"}


def _step(old: Mapping[str, Any] | None, new: Mapping[str, Any], is_moved: bool) -> StepDifference:
    if old is None:
        return StepDifference(new["step_id"], new["title"], ADDED, (), tuple(_lines({}, new)))
    fields = (*_fields(old, new), *(["order"] if is_moved else []))
    change = CHANGED if fields else SAME
    return StepDifference(new["step_id"], new["title"], change, fields, tuple(_lines(old, new)))


def _removed(old: Mapping[str, Any]) -> StepDifference:
    return StepDifference(old["step_id"], old["title"], REMOVED, (), tuple(_lines(old, {})))


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    names = dict.fromkeys([*old, *new])
    return tuple(name for name in names if _text(old.get(name)) != _text(new.get(name)))


def _text(value: Any) -> str:
    # As text: to Python, true and 1 are equal.
    return json.dumps(value, sort_keys=True)


def _lines(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[Line]:
    if _text(old) == _text(new):
        return
    before, after = (write_yaml(dict(data)).splitlines() if data else [] for data in (old, new))
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for number, group in enumerate(matcher.get_grouped_opcodes(AROUND)):
        if number:
            yield " ", "…"
        for tag, start, end, start_after, end_after in group:
            yield from ((" " if tag == "equal" else "-", line) for line in before[start:end])
            if tag != "equal":
                yield from (("+", line) for line in after[start_after:end_after])


def _edges(before: Template, after: Template) -> Iterator[Edge]:
    old, new = _pairs(before), _pairs(after)
    for pair in new:
        yield Edge(*pair, SAME if pair in old else ADDED)
    for pair in old:
        if pair not in new:
            yield Edge(*pair, REMOVED)


def _pairs(template: Template) -> dict[tuple[str, str], None]:
    steps = template["steps"]
    return {(name, step["step_id"]): None for step in steps for name in step.get("depends_on", ())}


def _moved(old: Sequence[str], new: Sequence[str]) -> set[str]:
    """Return the steps that were moved: a fewest whose removal leaves both orders the same."""
    place = {name: number for number, name in enumerate(old)}
    kept = [name for name in new if name in place]
    return set(kept) - {kept[i] for i in _increasing([place[name] for name in kept])}


def _increasing(numbers: Sequence[int]) -> set[int]:
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
