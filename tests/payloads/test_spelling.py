"""How values are spelled inside texts: as JSON spells them."""

from typing import Any

import pytest

from tests.execution.conftest import Execution, log_of
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch

PARAMETERS: dict[str, Any] = {
    "yes": True,
    "nothing": None,
    "list": ["a", "ä", None, False],
    "object": {"k": [1]},
    "float": 1.5,
    "whole": 2.0,
    "large": 10**30,
    "text": "it's",
}


def filled(runs: DrawRun, text: str) -> Any:
    """Return the rendered text of a payload."""
    run = runs("a", payload={"prompt": text}, parameters=PARAMETERS)
    dispatch(run)
    made = attempt(run, "a")
    assert not made.message, made.message
    return made.payload["prompt"]


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("force={{ params.yes }}", "force=true"),
        ("force={{ not params.yes }}", "force=false"),
        ("x={{ params.nothing }}", "x="),
        ("x={{ params.list }}", 'x=["a", "ä", null, false]'),
        ("x={{ params.object }}", 'x={"k": [1]}'),
        ("x={{ params.float }} {{ params.whole }}", "x=1.5 2.0"),
        ("x={{ params.large }}", "x=1000000000000000000000000000000"),
        ("x={{ params.text }}", "x=it's"),
        ("x={{ (1, 'b') }}", 'x=[1, "b"]'),
        ("x={{ params.list | unique }}", 'x=["a", "ä", null, false]'),
        ("x={{ 'no' if not params.yes }}", "x="),
        ('x={{ params.nothing | default("d") }}', "x="),
        ('x={{ params.missing | default("d") }}', "x=d"),
        ('x={{ params.nothing | default("d", true) }}', "x=d"),
    ],
)
def test_values_inside_a_text_are_spelled_as_json(runs: DrawRun, text: str, spelled: str) -> None:
    assert filled(runs, text) == spelled


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("{{ params.list | join('-') }}", "a-ä--false"),
        ("{{ params.yes ~ params.nothing ~ params.object }}", 'true{"k": [1]}'),
        ("{{ params.yes | string }}", "true"),
        ("{{ params.nothing | trim }}", ""),
        ("{{ params.object | upper }}", '{"K": [1]}'),
    ],
)
def test_filters_spell_values_as_texts_do(runs: DrawRun, text: str, spelled: str) -> None:
    assert filled(runs, text) == spelled


@pytest.mark.parametrize("name", list(PARAMETERS))
def test_a_value_that_is_the_whole_text_keeps_its_type(runs: DrawRun, name: str) -> None:
    value = filled(runs, f"{{{{ params.{name} }}}}")
    assert value == PARAMETERS[name]
    assert type(value) is type(PARAMETERS[name])


def test_a_list_that_a_filter_makes_is_a_list(runs: DrawRun) -> None:
    assert filled(runs, "{{ params.list | unique }}") == PARAMETERS["list"]


def test_arguments_of_a_command_are_the_texts_of_their_values(execution: Execution) -> None:
    arguments = [f"{{{{ params.{name} }}}}" for name in ("yes", "nothing", "float", "list")]
    script = "import sys; print(*sys.argv[1:], sep='|')"
    payload = {"command": ["python", "-c", script, *arguments]}
    attempts = execution.steps({"step": payload}, parameters=PARAMETERS)
    assert log_of(attempts["step"]) == 'true||1.5|["a", "ä", null, false]\n'


def test_variables_of_a_command_are_the_texts_of_their_values(execution: Execution) -> None:
    payload = {
        "command": ["sh", "-c", 'echo "$FORCE|$NOTHING|$COUNT"'],
        "env": {
            "FORCE": "{{ params.yes }}",
            "NOTHING": "{{ params.nothing }}",
            "COUNT": "{{ params.object.k[0] }}",
        },
    }
    attempts = execution.steps({"step": payload}, parameters=PARAMETERS)
    assert log_of(attempts["step"]) == "true||1\n"
