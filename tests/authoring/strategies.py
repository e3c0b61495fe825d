"""Hypothesis strategies for templates, with texts that YAML parsers could misread."""

from hypothesis import strategies as st

from workflows.authoring.spec import StepSpec, TemplateSpec

NASTY = [
    *["yes", "No", "on", "null", "~", "", " ", "true", "NaN", ".inf", "<<", "="],
    *["1", "1e3", "0x1", "0o7", "0755", "1_000", "-1.5", "+1", "1.", ".5", "12:30:00", "-"],
    *["2024-01-01", "a: b", "- a", "# a", "a #b", "&a", "*a", "!a", "|", ">", "%", "@", "`"],
    *["'", '"', "[", "{", "{{ params.x }}", "---", "...", "a\n---\nb", "a\n...\n"],
    *[" a", "a ", "a\nb", "a\n", "\na", " a\nb", "a\n  b\n", "a \nb", "\n", "\n\n", "a\n\n"],
    *["\t", "\ta", "a\n\tb", "a\r\nb", "\r", "\x07", "\x85", "\u2028a", "\ufeff", "é", "🎉"],
]
LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
PIECES = st.sampled_from(NASTY)
TEXTS = st.one_of(PIECES, st.text(LETTERS), st.lists(PIECES, max_size=3).map("".join))
NAMES = TEXTS.filter(lambda text: text.strip()).map(lambda text: text[:200])

FLOATS = st.floats(allow_nan=False, allow_infinity=False)
ATOMS = st.one_of(st.none(), st.booleans(), st.integers(), FLOATS, TEXTS)
JSON = st.recursive(
    ATOMS, lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=8
)


@st.composite
def templates(draw: st.DrawFn) -> TemplateSpec:
    """Draw a template: each step may depend on any earlier one."""
    ids = draw(st.lists(NAMES, min_size=1, max_size=4, unique=True))
    steps = [
        StepSpec(
            step_id,
            draw(NAMES),
            tuple(draw(st.lists(st.sampled_from(ids[:index]), unique=True))) if index else (),
            draw(st.none() | NAMES),
            {"kwargs": draw(st.dictionaries(TEXTS, JSON, max_size=3))},
            draw(st.none() | st.integers(1, 86_400)),
        )
        for index, step_id in enumerate(ids)
    ]
    return TemplateSpec(draw(NAMES), tuple(steps), draw(TEXTS))
