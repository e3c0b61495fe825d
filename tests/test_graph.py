"""The rules about graphs, compared with naive implementations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows import graph
from workflows.errors import InvalidGraph

Steps = list[tuple[str, list[str]]]

NAMES = "abcdef"
any_graph = st.dictionaries(
    st.sampled_from(NAMES), st.lists(st.sampled_from(NAMES), max_size=4), max_size=len(NAMES)
)
"""Any graphs, also with unknown steps, steps that depend on themselves and cycles."""


def naive_order(upstream: dict[str, list[str]]) -> list[str] | None:
    """Remove steps without dependencies until none is left; None if that is impossible."""
    order: list[str] = []
    while free := [n for n in upstream if n not in order and set(upstream[n]) <= set(order)]:
        order += free
    return order if len(order) == len(upstream) else None


def naive_causes(upstream: dict[str, list[str]], causes: set[str], of: str) -> set[str]:
    """Follow every path upstream to its first cause."""
    found = set()
    for parent in upstream.get(of, ()):
        found |= {parent} if parent in causes else naive_causes(upstream, causes, parent)
    return found


def problem_of(steps: Steps) -> str:
    with pytest.raises(InvalidGraph) as refused:
        graph.check(steps)
    return str(refused.value)


@given(any_graph)
def test_a_graph_is_accepted_iff_the_naive_rules_accept_it(upstream: dict[str, list[str]]) -> None:
    acceptable = bool(upstream) and naive_order(upstream) is not None
    try:
        graph.check(list(upstream.items()))
    except InvalidGraph:
        assert not acceptable
    else:
        assert acceptable


@given(any_graph)
def test_an_order_follows_every_edge(upstream: dict[str, list[str]]) -> None:
    known = {
        name: [parent for parent in parents if parent in upstream]
        for name, parents in upstream.items()
    }
    if naive_order(known) is None:
        with pytest.raises(InvalidGraph, match="cycle"):
            graph.topological_order(known)
        return
    order = graph.topological_order(known)
    assert sorted(order) == sorted(known)
    assert all(order.index(p) < order.index(n) for n, parents in known.items() for p in parents)


@given(any_graph, st.sets(st.sampled_from(NAMES)), st.integers(1, len(NAMES)))
def test_root_causes_are_the_nearest_on_each_path(
    upstream: dict[str, list[str]], causes: set[str], most: int
) -> None:
    # Only backward edges: no cycles.
    dag = {name: [p for p in upstream.get(name, ()) if p < name] for name in NAMES}
    found = graph.root_causes(dag, causes, most=most)
    assert found == {name: tuple(sorted(naive_causes(dag, causes, name))[:most]) for name in NAMES}


@given(st.permutations(NAMES), st.integers(2, len(NAMES)))
def test_cycle_is_spelled_out_from_upstream_to_downstream(names: list[str], length: int) -> None:
    ring = names[:length]
    steps = [(name, [ring[i - 1]]) for i, name in enumerate(ring)]
    steps += [(name, []) for name in names[length:]]
    assert problem_of(steps) == f"steps: cycle: {' → '.join([*ring, ring[0]])}"


def test_a_cycle_that_no_root_reaches_is_found() -> None:
    assert "a → b → a" in problem_of([("root", []), ("leaf", ["root"]), ("a", ["b"]), ("b", ["a"])])


def test_a_cycle_behind_a_root_is_found() -> None:
    assert "b → c → b" in problem_of([("a", []), ("b", ["a", "c"]), ("c", ["b"]), ("d", ["c"])])


def test_a_chain_of_ten_thousand_steps_is_accepted() -> None:
    steps: Steps = [(str(i), [str(i - 1)] if i else []) for i in range(10_000)]
    graph.check(steps)


def test_a_cycle_of_ten_thousand_steps_is_refused() -> None:
    steps: Steps = [(str(i), [str((i - 1) % 10_000)]) for i in range(10_000)]
    assert "0 → 1 → 2 →" in problem_of(steps)


def ladder(levels: int) -> Steps:
    """Draw two rails with all the rungs: 2 ** levels paths from the top to the bottom."""
    steps: Steps = [("top", [])]
    above = ["top"]
    for level in range(levels):
        rungs = [f"left{level}", f"right{level}"]
        steps += [(rung, list(above)) for rung in rungs]
        above = rungs
    return [*steps, ("bottom", above)]


def test_ladder_is_checked_without_walking_its_paths() -> None:
    graph.check(ladder(24))


def test_root_causes_of_a_ladder_are_found_without_walking_its_paths() -> None:
    found = graph.root_causes(dict(ladder(24)), {"top"}, most=5)
    assert found["bottom"] == ("top",)


def test_only_the_first_of_a_hundred_problems_are_named() -> None:
    text = problem_of([(f"s{i}", ["nowhere"]) for i in range(100)])
    assert "step 's0' depends on unknown step 'nowhere'" in text
    assert "and 80 more" in text


def test_wanted_vertices_upstream_are_found_on_all_paths() -> None:
    #  a ── b ── d     e
    #   └── c ──┘
    upstream = {"d": ["b", "c"], "b": ["a"], "c": ["a"], "a": [], "e": []}
    wanted = {"d": ["a", "c", "e", "d", "nowhere"], "a": ["d"], "b": ["c"]}
    assert graph.upstream_among(upstream, wanted) == {"d": {"a", "c"}, "a": set(), "b": set()}


def test_wanted_vertices_are_found_in_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(graph, "BITS", 2)
    upstream = {n: [n - 1] if n else [] for n in range(50)}
    assert graph.upstream_among(upstream, {49: range(60)}) == {49: set(range(49))}
