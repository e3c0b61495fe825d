"""Masking, however a text is cut into pieces."""

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
def test_pieces_are_masked_as_the_whole_would_be(pieces: list[str], secrets: list[str]) -> None:
    text = shown(pieces, secrets)
    assert not any(secret in text for secret in secrets)


@given(st.lists(st.text("abcX", max_size=4), max_size=12), st.text("abcX", min_size=1, max_size=4))
def test_a_text_with_one_secret_loses_nothing_else(pieces: list[str], secret: str) -> None:
    assert shown(pieces, [secret]) == "".join(pieces).replace(secret, MASK)


def test_what_cannot_be_a_secret_is_passed_on_at_once() -> None:
    mask = Mask(["token"])
    assert mask.pass_on("no to") == "no "
    assert mask.pass_on("matoes") == "tomatoes"


@pytest.mark.parametrize("secrets", [["ab", "abcd"], ["abcd", "ab"]])
def test_a_secret_within_another_leaves_no_rest(secrets: list[str]) -> None:
    assert masked({"k": ["xabcdx"]}, secrets) == {"k": [f"x{MASK}x"]}


def test_without_secrets_nothing_is_touched() -> None:
    value = {"a": [1, None, "x"]}
    assert masked(value, ["", ""]) is value
