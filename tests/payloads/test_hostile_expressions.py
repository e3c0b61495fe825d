"""Whatever an expression raises fails its own task, with a sentence, and nothing else."""

from typing import Any

import pytest

from tests.support.actors import who
from tests.support.drawing import DrawRun, checked, steps_of
from tests.support.verbs import attempt, dispatch, states, task, trail
from workflows.errors import Invalid
from workflows.execution.executor import Executor
from workflows.models import Task
from workflows.payloads.syntax import parsed

PARAMETERS = {"x": ["a", "b"], "y": {"a": 1}, "n": 1}
DIGITS = "9" * 5_000
TOO_DEEP = "the expression is nested too deeply"
UNPARSABLE = [
    ("{{ 1e400 }}", "a number is larger than JSON can hold"),
    ("a {{ -1e400 }}", "a number is larger than JSON can hold"),
    (f"{{{{ {DIGITS} }}}}", "a number has too many digits"),
    (f"{{{{ {'not ' * 250}true }}}}", TOO_DEEP),
    (f"{{{{ params{'.x' * 250} }}}}", TOO_DEEP),
    (f"{{{{ params{'.x' * 20_000} }}}}", "more than 10,000 names, numbers and signs"),
    (f"{{{{ params.n{'|abs' * 250} }}}}", TOO_DEEP),
    (f"{{{{ {'(' * 2_000}1{')' * 2_000} }}}}", TOO_DEEP),
    (f"{{{{ {'[' * 2_000} }}}}", TOO_DEEP),
    (f"{{{{ {DIGITS} }}}} {{{{ .x }}}}", "a number has too many digits"),
    (f"{{{{ .x }}}} {{{{ {DIGITS} }}}}", "to print {{ .x }} literally"),
]
FAILING = [
    *UNPARSABLE,
    ("{{ 1e308 + 1e308 }}", "a number is larger than JSON can hold"),
    ("a {{ 1e308 * 10 }}", "a number is larger than JSON can hold"),
    (f"{{{{ {'9' * 4_000} * {'9' * 4_000} }}}}", "a number has too many digits"),
    (f"a {{{{ {'9' * 4_000} * {'9' * 4_000} }}}}", "a number has too many digits"),
    ("{{ params.x | join(params.y) }}", 'join: the separator {"a": 1} is not a text'),
    ("{{ params.x | join(separator=',', separator=';') }}", "keyword argument repeated"),
    ("{{ params.x | missing }}", "No filter named 'missing'"),
    ("{{ params.x | abs }}", "bad operand type"),
    ("{{ [1, 'a'] | sort }}", "not supported between"),
    ("{{ 'abc'[::0] }}", "slice step cannot be zero"),
    ("{{ '\\ud800' }}", "contains a lone surrogate"),
    (f"{{{{ {'[' * 60}{']' * 60} }}}}", "is nested deeper than 50 levels"),
]


@pytest.mark.parametrize(("text", "why"), FAILING)
def test_expression_that_fails_is_the_end_of_its_own_task(
    runs: DrawRun, text: str, why: str
) -> None:
    run = runs("a, b", parameters=PARAMETERS)
    Task.objects.filter(run=run, step_id="a").update(payload={"kwargs": {"x": text}})

    dispatch(run, limit=None)

    assert states(run) == {"a": "failed", "b": "dispatched"}
    assert why in attempt(run, "a").message
    assert len(attempt(run, "a").message) < 1_000
    failed = run.events.get(event_type="task.failed")
    assert failed.payload["message"] == attempt(run, "a").message
    assert "task.dispatched b" in trail(run)


@pytest.mark.parametrize(("text", "why"), UNPARSABLE)
def test_template_with_an_expression_that_cannot_be_read_is_refused(text: str, why: str) -> None:
    with pytest.raises(Invalid, match="step 'a': payload: ") as refusal:
        checked({"name": "t", "steps": steps_of("a", payload={"kwargs": {"x": text}})})
    assert why in str(refusal.value)


def test_an_executor_survives_an_expression_that_fails(runs: DrawRun) -> None:
    run = runs("first > bad, first > good", parameters=PARAMETERS, auto_dispatch=True)
    Task.objects.filter(run=run).update(payload={"python": "noop"})
    Task.objects.filter(run=run, step_id="bad").update(payload={"python": "{{ 1e400 }}"})
    dispatch(run)

    executor = Executor(concurrency=1, by=who("local runner"))
    executor.serve(lambda: task(run, "good").state != "success")

    assert states(run) == {"first": "success", "bad": "failed", "good": "success"}


def test_deep_but_possible_expressions_are_evaluated(runs: DrawRun) -> None:
    texts: Any = [" + ".join("1" * 150), f"1{' | abs' * 40}", f"{'(' * 60}1{')' * 60}"]
    run = runs("a", payload={"prompt": [f"{{{{ {text} }}}}" for text in texts]})
    dispatch(run)
    assert attempt(run, "a").payload["prompt"] == [150, 1, 1]


def test_texts_are_parsed_once() -> None:
    assert parsed("{{ params.x }}") is parsed("{{ params.x }}")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{{ params.long | trim(params.long) }}", "more than 200 characters"),
        ("{{ params.long | tojson" + " | tojson" * 30 + " }}", "too much work"),
        ("{{ " + " ~ ".join(["params.long"] * 9) + " }}", "too large"),
        ("{{ [" + ", ".join(["params.long"] * 9) + "] }}", "too large"),
        ("{{ params.long | int(base=16) * 2 }}", "too many digits"),
        ("{{ params.collisions | unique | length + [] }}", "unsupported"),
        ("{{ [params.many, params.many] | sort(attribute='" + ".0" * 50 + "') }}", "parts"),
        ("{{ params.many" + " | sort" * 100 + " }}", "too much work"),
        ("{{ " + " and ".join(["params.long == params.long ~ ''"] * 30) + " }}", "too much work"),
        ("{{ params['\\x00'] }}", "NUL"),
        ("{{ params[params.long] }}", "unknown name 'ffff"),
        ("{{ {[]: 1} }}", "unhashable"),
        ("{{ [] in params }}", "unhashable"),
        ("{{ params.n | round(400) }}", "at most 15 digits"),
    ],
)
def test_work_and_size_of_an_expression_are_bounded(runs: DrawRun, text: str, why: str) -> None:
    parameters = {
        "long": "f" * 1_000_000,
        "many": ["b", "a"] * 10_000,
        "collisions": [n * (2**61 - 1) for n in range(30_000)],
        "n": 1.5,
    }
    run = runs("a", parameters=parameters)
    run.tasks.update(payload={"kwargs": {"x": text}})
    dispatch(run)
    assert states(run) == {"a": "failed"}
    assert why in attempt(run, "a").message


def test_values_of_all_texts_of_a_payload_are_bounded_together(runs: DrawRun) -> None:
    run = runs(
        "a",
        payload={"kwargs": {"x": ["{{ params.long }}"] * 9}},
        parameters={"long": "x" * 1_000_000},
    )
    dispatch(run)
    assert "are too large; write them into a file" in attempt(run, "a").message
