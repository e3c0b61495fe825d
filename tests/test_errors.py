"""Errors in one line."""

import pytest

from workflows.errors import Invalid


@pytest.mark.parametrize(
    ("texts", "line"),
    [
        (["'x' is not a 'date'", "'day' is required"], "'x' is not a 'date'; 'day' is required"),
        (["Too long.", "Give a number."], "Too long. Give a number."),
    ],
)
def test_several_errors_of_a_field_are_separated(texts: list[str], line: str) -> None:
    assert Invalid({"parameters": texts}).detail == f"parameters: {line}"
