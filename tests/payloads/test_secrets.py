"""Masking secrets in a text, whatever its pieces, and whatever an observer prints to guess them."""

from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.payloads.secrets import MASK, Mask, Secrets, masked

KEY = "-----BEGIN KEY-----\nMIIEvQIBADANBg\nkqhkiG9w0BAQ\nAA==\n-----END KEY-----\n"


def shown(pieces: list[str], secrets: list[str]) -> str:
    mask = Mask(secrets)
    return "".join([*map(mask.pass_on, pieces), mask.pass_on("", final=True)])


def covered(text: str, secrets: list[str]) -> list[bool]:
    """Return for each character whether it belongs to a secret, found one by one."""
    spans = [
        range(at, at + len(each))
        for each in secrets
        for at in range(len(text))
        if text.startswith(each, at)
    ]
    return [any(at in span for span in spans) for at in range(len(text))]


@given(
    st.lists(st.text("abX", max_size=4), max_size=12),
    st.lists(st.text("abX", min_size=1, max_size=4), max_size=3),
)
def test_nothing_but_the_secrets_is_masked(pieces: list[str], secrets: list[str]) -> None:
    text, passed = "".join(pieces), shown(pieces, secrets)
    hidden = covered(text, secrets)
    rest = "".join(char for char, is_hidden in zip(text, hidden, strict=True) if not is_hidden)
    assert passed.replace(MASK, "") == rest


@given(
    st.lists(st.text("abX", max_size=4), max_size=12),
    st.lists(st.text("abX", min_size=1, max_size=4), max_size=3),
)
def test_pieces_are_masked_like_the_whole_text(pieces: list[str], secrets: list[str]) -> None:
    assert shown(pieces, secrets) == masked("".join(pieces), secrets)


@given(st.lists(st.text("toknX\n", max_size=6), max_size=8))
def test_how_much_is_passed_on_depends_on_the_length_alone(pieces: list[str]) -> None:
    mask = Mask(["token"])
    passed = list(accumulate(map(mask.pass_on, pieces), initial=""))
    written = list(accumulate(pieces, initial=""))
    for so_far, text in zip(passed, written, strict=True):
        if "token" not in text:
            assert so_far == text[: max(0, len(text) - len("token") + 1)]


@pytest.mark.parametrize("guess", ["hunter2-t0ke", "hunter2", "h", "X", "hunterX", "\n", ""])
def test_right_and_wrong_guesses_look_the_same_until_the_end(guess: str) -> None:
    mask = Mask(["hunter2-t0ken"])
    assert mask.pass_on(guess) == ""
    assert mask.pass_on("", final=True) == guess


@pytest.mark.parametrize("secrets", [["ab", "abcd"], ["abcd", "ab"], ["bc", "abcd"]])
def test_secret_within_another_leaves_no_rest(secrets: list[str]) -> None:
    assert masked({"k": ["xabcdx"]}, secrets) == {"k": [f"x{MASK}x"]}


def test_secrets_that_overlap_leave_no_rest() -> None:
    assert masked("xabcdefx", ["abcd", "cdef"]) == f"x{MASK}x"
    assert shown(list("xabcdefx"), ["abcd", "cdef"]) == f"x{MASK}x"


@pytest.mark.parametrize("secret", ["7", "ab", "abc", " ", "\t\n"])
def test_shortest_secrets_are_masked(secret: str) -> None:
    assert masked(f"<{secret}>", [secret]) == f"<{MASK}>"


def test_lines_of_a_long_secret_are_masked_one_by_one() -> None:
    printed = "  MIIEvQIBADANBg\r\n  kqhkiG9w0BAQ\r\n  AA==\r\n"
    assert masked(printed, [KEY]) == f"  {MASK}\r\n  {MASK}\r\n  AA==\r\n"
    assert masked(f"key: {KEY}!", [KEY]) == f"key: {MASK}!"


def test_line_end_of_a_file_is_no_part_of_its_secret() -> None:
    assert masked("it is hunter2.", ["hunter2\n"]) == f"it is {MASK}."


def test_number_that_shows_a_secret_is_masked() -> None:
    assert masked({"pin": 4711, "ok": True, "n": None}, ["4711"]) == {
        "pin": MASK,
        "ok": True,
        "n": None,
    }


def test_everything_is_masked_if_a_secret_is_not_known() -> None:
    secrets = Secrets.of([], hides_all=True)
    assert masked({"a": ["anything", 7, None]}, secrets) == {MASK: [MASK, MASK, None]}
    mask = Mask(secrets)
    assert (mask.pass_on("anything"), mask.pass_on("", final=True)) == (MASK, "")


def test_text_is_unchanged_without_secrets() -> None:
    value = {"a": [1, None, "x"]}
    assert masked(value, ["", ""]) is value
    assert Mask([]).pass_on("x") == "x"


def test_repr_of_secrets_does_not_show_them() -> None:
    assert "hunter2" not in f"{Secrets.of(['hunter2'])!r} {Mask(['hunter2'])!r}"
