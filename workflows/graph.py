"""Rules about graphs, without Django, a database or recursion."""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from functools import reduce
from graphlib import CycleError, TopologicalSorter
from operator import or_
from typing import TypeVar

from workflows.errors import InvalidGraph

Vertex = TypeVar("Vertex", bound=Hashable)
Name = TypeVar("Name", int, str)

MAX_PROBLEMS = 20
BITS = 4_096
"""After how many vertices together the upstream ones are looked for."""


def check(steps: Sequence[tuple[str, Sequence[str]]]) -> None:
    """
    Check that steps form a DAG; they are pairs of a step id and the ids that it depends on.

    :raises InvalidGraph: naming every invalid step, or spelling out the cycle.
    """
    if problems := _find_problems(steps):
        raise InvalidGraph(_shortened(problems))
    topological_order(dict(steps))


def topological_order(upstream: Mapping[Vertex, Iterable[Vertex]]) -> list[Vertex]:
    """
    Return the vertices so that every one follows all of its upstream vertices.

    :raises InvalidGraph: if there is a cycle, also one that no root reaches.
    """
    try:
        return list(TopologicalSorter(upstream).static_order())
    except CycleError as exc:
        raise InvalidGraph([f"cycle: {_spell_out(exc.args[1], upstream)}"]) from exc


def longest_path(
    upstream: Mapping[Vertex, Iterable[Vertex]], weights: Mapping[Vertex, float]
) -> list[Vertex]:
    """
    Return the path of the largest total weight, from a root to its end; empty if none has any.

    :raises InvalidGraph: if there is a cycle.
    """
    totals: dict[Vertex, float] = {}
    before: dict[Vertex, Vertex | None] = {}
    for vertex in topological_order(upstream):
        parents = [parent for parent in upstream.get(vertex, ()) if totals[parent]]
        before[vertex] = max(parents, key=totals.__getitem__, default=None)
        heaviest = before[vertex]
        totals[vertex] = weights[vertex] + (0.0 if heaviest is None else totals[heaviest])
    last = max(totals, key=totals.__getitem__, default=None)
    path: list[Vertex] = []
    while last is not None and totals[last]:
        path.append(last)
        last = before[last]
    return path[::-1]


def downstream_of(start: Vertex, edges: Iterable[tuple[Vertex, Vertex]]) -> set[Vertex]:
    """
    Return all vertices downstream of `start`, in one pass, whatever the number of paths.

    :param edges: pairs of an upstream vertex and a downstream one.
    """
    children: dict[Vertex, list[Vertex]] = {}
    for parent, child in edges:
        children.setdefault(parent, []).append(child)
    found: set[Vertex] = set()
    reached = [start]
    while reached:
        new = {vertex for vertex in children.get(reached.pop(), ()) if vertex not in found}
        found |= new
        reached.extend(new)
    return found


def upstream_among(
    upstream: Mapping[Vertex, Sequence[Vertex]], wanted: Mapping[Vertex, Collection[Vertex]]
) -> dict[Vertex, set[Vertex]]:
    """
    Return, for each vertex of `wanted`, those of its wanted vertices that are upstream of it.

    Each vertex carries one bit for every vertex that is asked for, a few at a time: the memory
    does not grow with the product of both.
    """
    found: dict[Vertex, set[Vertex]] = {vertex: set() for vertex in wanted}
    asked = list({each for many in wanted.values() for each in many} & upstream.keys())
    order = topological_order(upstream) if asked else []
    for start in range(0, len(asked), BITS):
        bits = {vertex: 1 << n for n, vertex in enumerate(asked[start : start + BITS])}
        reached: dict[Vertex, int] = {}
        for vertex in order:
            reached[vertex] = _union(reached[p] | bits.get(p, 0) for p in upstream[vertex])
        for vertex, many in wanted.items():
            found[vertex] |= {each for each in many if bits.get(each, 0) & reached[vertex]}
    return found


def _union(masks: Iterable[int]) -> int:
    return reduce(or_, masks, 0)


def root_causes(
    upstream: Mapping[Name, Sequence[Name]], causes: Collection[Name], *, most: int
) -> dict[Name, tuple[Name, ...]]:
    """
    Return, for each vertex of `upstream`, its nearest ancestors that are in `causes`.

    The search does not go beyond a cause. It takes one pass in topological order and keeps at most
    the `most` smallest causes of a vertex, so that the cost is linear in the size of the graph,
    whatever the number of paths and causes.
    """
    found: dict[Name, tuple[Name, ...]] = {}
    for vertex in topological_order(upstream):
        parts = {
            (parent,) if parent in causes else found.get(parent, ())
            for parent in upstream.get(vertex, ())
        }
        found[vertex] = parts.pop() if len(parts) == 1 else _smallest(parts, most)
    return found


def _smallest(parts: Iterable[tuple[Name, ...]], most: int) -> tuple[Name, ...]:
    return tuple(sorted({cause for part in parts for cause in part})[:most])


def _find_problems(steps: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    if not steps:
        return ["a template needs at least one step"]
    counts = Counter(step_id for step_id, _ in steps)
    duplicates = [f"duplicate step_id '{step_id}'" for step_id, n in counts.items() if n > 1]
    return duplicates + [
        f"step '{step_id}' depends on itself"
        if parent == step_id
        else f"step '{step_id}' depends on unknown step '{parent}'"
        for step_id, depends_on in steps
        for parent in dict.fromkeys(depends_on)
        if parent == step_id or parent not in counts
    ]


def _spell_out(cycle: Sequence[Vertex], order: Iterable[Vertex]) -> str:
    """Return `a → b → a`, from upstream to downstream, starting at the vertex listed first."""
    ring = list(cycle[1:])
    first = next(ring.index(vertex) for vertex in order if vertex in set(ring))
    ring = ring[first:] + ring[:first]
    return " → ".join(str(vertex) for vertex in [*ring, ring[0]])


def _shortened(problems: list[str]) -> list[str]:
    more = len(problems) - MAX_PROBLEMS
    return [*problems[:MAX_PROBLEMS], f"and {more} more"] if more > 0 else problems
