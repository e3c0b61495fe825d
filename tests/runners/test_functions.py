"""The registry of task functions."""

import pytest

from runners.functions import UnknownFunction, call_function, task_function


def test_two_functions_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="two task functions are named 'noop'"):
        task_function("noop")(lambda: None)


def test_unknown_function_is_refused_naming_the_registered_ones() -> None:
    with pytest.raises(UnknownFunction, match="no function named 'nope'"):
        call_function("nope", {})
