"""Masking secrets in a text, whatever its pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.payloads.secrets import MASK, Mask, masked


def shown(pieces: list[str], secrets: list[str]) -> str:
    mask = Mask(secrets)
    return "".join([*map(mask.pass_on, pieces), mask.pass_on("", final=True)])


@given(
    st.lists(st.text("abX", max_size=4), max_size=12),
    st.lists(st.text("abX", min_size=1, max_size=4), max_size=3),
)
def test_pieces_are_masked_like_the_whole_text(pieces: list[str], secrets: list[str]) -> None:
    text = shown(pieces, secrets)
    assert not any(secret in text for secret in secrets)


@given(st.lists(st.text("abcX", max_size=4), max_size=12), st.text("abcX", min_size=1, max_size=4))
def test_only_the_secret_is_masked(pieces: list[str], secret: str) -> None:
    assert shown(pieces, [secret]) == "".join(pieces).replace(secret, MASK)


def test_text_that_cannot_begin_a_secret_is_not_held_back() -> None:
    mask = Mask(["token"])
    assert mask.pass_on("no to") == "no "
    assert mask.pass_on("matoes") == "tomatoes"


@pytest.mark.parametrize("secrets", [["ab", "abcd"], ["abcd", "ab"]])
def test_secret_within_another_leaves_no_rest(secrets: list[str]) -> None:
    assert masked({"k": ["xabcdx"]}, secrets) == {"k": [f"x{MASK}x"]}


def test_text_is_unchanged_without_secrets() -> None:
    value = {"a": [1, None, "x"]}
    assert masked(value, ["", ""]) is value
