"""The graphs of the workloads, as plain dicts that every orchestrator can be given."""

Graph = dict[str, list[str]]
"""The upstream steps of each step, in list order."""

ROW = 100


def chain(length: int) -> Graph:
    """Return steps in a chain."""
    return {f"s{i}": [f"s{i - 1}"] if i else [] for i in range(length)}


def fan(width: int) -> Graph:
    """Return one step, then `width` side by side, then one."""
    return {**spread(width), "join": [f"s{i}" for i in range(width)]}


def spread(width: int) -> Graph:
    """Return one step, then `width` side by side."""
    return {"root": [], **{f"s{i}": ["root"] for i in range(width)}}


def pairs(size: int) -> Graph:
    """Return `size` steps; each step of the second half depends on one of the first half."""
    half = size // 2
    firsts: Graph = {f"a{i}": [] for i in range(half)}
    return {**firsts, **{f"b{i}": [f"a{i}"] for i in range(size - half)}}


def lattice(size: int) -> Graph:
    """Return rows of a hundred steps; each step depends on two steps of the row before."""
    graph: Graph = {f"s{i}": [] for i in range(min(size, ROW))}
    for i in range(ROW, size):
        start = i - i % ROW - ROW
        graph[f"s{i}"] = [f"s{i - ROW}", f"s{start + (i + 1) % ROW}"]
    return graph


def independent(width: int) -> Graph:
    """Return steps without edges."""
    return {f"s{i}": [] for i in range(width)}
