"""Random graphs, drawn by hypothesis."""

from dataclasses import dataclass, field

from hypothesis import strategies as st

RUNNERS = ("near", "far", "local")
MOST_STEPS = 7


@dataclass
class Step:
    """A step that may depend on those drawn before it, at any place in the list."""

    name: str
    runner: str
    needs_approval: bool
    upstream: list[str] = field(default_factory=list)


@dataclass
class Drawing:
    """Steps in the order of their list."""

    steps: list[Step]
    is_auto: bool
    is_adopted: bool
    """Made of existing tasks, without edges."""


@st.composite
def drawings(draw: st.DrawFn) -> Drawing:
    """Draw a DAG of some steps, listed in any order."""
    is_adopted = draw(st.integers(0, 9)) == 9
    steps: list[Step] = []
    for i in range(draw(st.integers(1, MOST_STEPS))):
        runner = draw(st.sampled_from([*RUNNERS, "near", "near"]))
        step = Step(f"s{i}", runner, needs_approval=draw(st.integers(0, 2)) == 2)
        if steps and not is_adopted:
            names = st.sampled_from([each.name for each in steps])
            step.upstream = draw(st.lists(names, max_size=3, unique=True))
        steps.append(step)
    return Drawing(draw(st.permutations(steps)), draw(st.booleans()), is_adopted)
