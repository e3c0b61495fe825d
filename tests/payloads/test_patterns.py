"""Patterns are those of Python's re, searched with a time limit."""

import os
import random
import re
import warnings

import pytest

from workflows.payloads import schemas
from workflows.payloads.budget import Uncheckable, limited
from workflows.payloads.parameters import check_schema
from workflows.payloads.patterns import PatternRefused, compiled, matches

SLOW = "^(a|aa)+$"
NEARLY = "a" * 60 + "!"
ATOMS = (
    r"a b . \w \d \s \b ^ $ \Z \A [a-z] [^a] [[:alpha:]] []a] [^]a] [a&&b] [a--b] [a||b] { } {e}"
    r" {1} {,} {} {2,3} {e<=1} * + ? *? ++ ( ) (?: (?= (?! (?<= (?<! (?P<n> (?P=n) | \1 \. \N{DASH}"
    r" \x41 é ß (?i) (?i: (?> (?#x) - [ [a ] \p{L} \h \R (?R) (?1) (?| && [\\] [\w-] [a\]b[] {300}"
).split()
TEXTS = ["", "a", "aab", "a{e}", "[:alpha", "a&b", "ß", "SS", "a-b", "\n", "1 2", "{}", "[", "l]"]
TOO_LARGE = "use smaller counts"  # refused, although `re` takes it
ROUNDS = int(os.environ.get("PATTERN_ROUNDS", "5000"))
SEED = int(os.environ.get("PATTERN_SEED", "11"))


def found(pattern: str, text: str) -> bool:
    with limited():
        return matches(pattern, text)


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        (r"^(?=.*\d)(?!.*--)[a-z\d-]{8,}(?<!-)$", "abc-12345", True),
        (r"^(?=.*\d)(?!.*--)[a-z\d-]{8,}(?<!-)$", "abc--12345", False),
        (r"^(?P<q>['\"]).*(?P=q)$", "'x'", True),
        ("^foo{e}$", "foo{e}", True),
        ("^foo{e<=1}$", "fo", False),
        ("^[[:alpha:]]$", "l]", True),
        ("^[a||b]$", "|", True),
        (r"^\d{4}-\d{2}$", "2026-11", True),
    ],
)
def test_pattern_is_read_as_by_re(pattern: str, text: str, fits: bool) -> None:
    assert found(pattern, text) is fits


def test_random_patterns_find_what_re_finds() -> None:
    dice = random.Random(SEED)  # noqa: S311 (no secret)
    for _ in range(ROUNDS):
        pattern = "".join(dice.choice(ATOMS) for _ in range(dice.randint(1, 8)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if not _is_too_large(pattern):
                _assert_same_as_re(pattern)


def _is_too_large(pattern: str) -> bool:
    try:
        compiled(pattern)
    except PatternRefused as exc:
        return TOO_LARGE in str(exc)
    return False


def _assert_same_as_re(pattern: str) -> None:
    try:
        expected = re.compile(pattern)
    except (re.error, OverflowError):
        with pytest.raises(PatternRefused):
            compiled(pattern)
        return
    for text in TEXTS:
        assert found(pattern, text) is bool(expected.search(text)), (SEED, pattern, text)


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:(?:a?){65535}){65535}",
        "a{2000000000}",
        "(a{99}){99}",
        "x" * 1001,
        "(?x)a b",
        "[",
        "(" * 999,
    ],
)
def test_pattern_that_is_wrong_or_too_large_is_refused_when_saved(pattern: str) -> None:
    [problem] = check_schema({"properties": {"a": {"type": "string", "pattern": pattern}}})
    assert problem.startswith("properties.a.pattern: ")


@pytest.mark.parametrize(
    ("schema", "place"),
    [
        ({"properties": {"a": {"items": {"pattern": SLOW}}}}, "properties.a.items.pattern"),
        ({"patternProperties": {SLOW: {}}}, f"patternProperties.{SLOW}"),
        ({"anyOf": [{"not": {"propertyNames": {"pattern": SLOW}}}]}, "anyOf.0.not.propertyNames"),
    ],
)
def test_slow_pattern_is_refused_when_saved(schema: dict[str, object], place: str) -> None:
    [problem] = check_schema(schema)
    assert place in problem
    assert "takes too long" in problem


def test_all_patterns_of_a_schema_share_one_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schemas, "SCHEMA_SECONDS", 0.0)
    problems = schemas.pattern_problems({"properties": {"a": {"pattern": "a"}}})
    assert list(problems) == ["properties.a.pattern: checking it takes too long"]


def test_slow_pattern_of_an_earlier_release_ends_at_the_limit() -> None:
    with limited(0.1), pytest.raises(Uncheckable, match="takes too long"):
        matches(SLOW, NEARLY)


def test_very_long_text_is_not_compared_with_a_pattern() -> None:
    with pytest.raises(Uncheckable, match=r"more than 100,000 characters"):
        found("^a", "a" * 100_001)
