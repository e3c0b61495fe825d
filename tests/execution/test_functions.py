"""Python functions: only registered ones are executed, and their results are used downstream."""

import pytest

from tests.execution.conftest import Execution, log_of
from tests.support.verbs import states


def test_return_value_of_a_function_is_the_result(execution: Execution) -> None:
    attempt = execution.run({"python": "tests.add", "kwargs": {"left": 2, "right": 3}})
    assert (attempt.outcome, attempt.result) == ("success", {"sum": 5})
    assert log_of(attempt) == "adding 2 and 3\n"


def test_results_and_parameters_are_available_downstream(execution: Execution) -> None:
    attempts = execution.steps(
        {
            "first": {"python": "tests.add", "kwargs": {"left": "{{ params.start }}", "right": 1}},
            "second": {
                "python": "tests.add",
                "kwargs": {"left": "{{ tasks.first.result.sum }}", "right": 10},
            },
            "third": {"command": ["echo", "total: {{ tasks['second'].result.sum }}"]},
        },
        "first > second > third",
        parameters={"start": 5},
    )
    assert attempts["second"].result == {"sum": 16}
    assert log_of(attempts["third"]) == "total: 16\n"


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        ({"python": "os.system"}, "UnknownFunction: no function named 'os.system' is registered"),
        ({"python": "tests.add", "kwargs": {"left": 1}}, "TypeError: missing a required argument"),
        ({"python": "tests.add", "kwargs": [1]}, "kwargs: [1] is not an object"),
        ({"python": "tests.fail", "kwargs": {"text": "no luck"}}, "ValueError: no luck"),
        ({"python": "tests.exit", "kwargs": {"code": 4}}, "SystemExit: 4"),
        ({"python": "tests.die"}, "the process ended itself with exit code 7"),
        (
            {"python": "tests.give", "kwargs": {"kind": "object"}},
            "TypeError: Object of type",
        ),
        ({"python": "tests.give", "kwargs": {"kind": "nan"}}, "ValueError: Out of range float"),
        (
            {"python": "tests.give", "kwargs": {"kind": "nul"}},
            "the result contains a NUL",
        ),
        ({"python": "tests.give", "kwargs": {"kind": "huge"}}, "larger than 1,000,000 characters"),
    ],
)
def test_function_that_fails_gives_the_reason(
    execution: Execution, payload: dict[str, object], message: str
) -> None:
    attempt = execution.run(payload)
    assert attempt.outcome == "failed"
    assert message in attempt.message
    assert attempt.result is None


def test_traceback_of_a_failure_is_in_the_log(execution: Execution) -> None:
    attempt = execution.run({"python": "tests.fail", "kwargs": {"text": "no luck"}})
    assert "Traceback (most recent call last)" in log_of(attempt)
    assert log_of(attempt).endswith("ValueError: no luck\n")


@pytest.mark.parametrize(
    ("deed", "message", "log"),
    [
        ("close stderr", "ValueError: the reason", "ValueError: the reason\n"),
        ("close descriptors", "ValueError: the reason", ""),
        ("replace stderr", "ValueError: the reason", "ValueError: the reason\n"),
        ("raise something without a text", "Unspeakable, which cannot be shown as a text", ""),
    ],
)
def test_function_that_makes_it_hard_to_say_why_it_fails_gives_the_reason(
    execution: Execution, deed: str, message: str, log: str
) -> None:
    attempt = execution.run({"python": "hostile.fail_after", "kwargs": {"deed": deed}})
    assert (attempt.outcome, attempt.message) == ("failed", message)
    assert log_of(attempt).endswith(log)


def test_function_that_kills_its_process_does_not_affect_other_tasks(execution: Execution) -> None:
    attempts = execution.steps(
        {"a": {"python": "tests.die"}, "b": {"python": "noop"}, "c": {"python": "tests.die"}}
    )
    run = attempts["a"].task.run
    assert run
    assert states(run) == {"a": "failed", "b": "success", "c": "failed"}


def test_one_process_executes_many_functions(execution: Execution) -> None:
    run = execution.drawn({name: {"python": "tests.pid"} for name in "abcdef"})
    attempts = execution.to_end(run, concurrency=1)
    assert len({attempt.result for attempt in attempts.values()}) == 1


def test_characters_that_cannot_be_stored_are_replaced_in_messages(execution: Execution) -> None:
    attempt = execution.run({"python": "tests.complain", "kwargs": {"why": "a<nul>b<half>c"}})
    assert (attempt.outcome, attempt.message) == ("failed", "ValueError: a\ufffdb?c")


def test_function_can_choose_the_encoding_of_its_output(execution: Execution) -> None:
    attempt = execution.run({"python": "hostile.leave", "kwargs": {"what": "encoding"}})
    assert (attempt.outcome, attempt.message) == ("success", "")
