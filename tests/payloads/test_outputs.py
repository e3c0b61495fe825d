"""What a step has printed, as `{{ tasks.step_id.output }}` in the payloads of later steps."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from runners.conf import kept_log_head
from tests.execution.conftest import Execution
from tests.factories import RunnerFactory
from tests.payloads.test_masked_results import run_with
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.redefined import give_payloads
from tests.support.verbs import attempt, dispatch, finish, task
from workflows.models import LogPiece, WorkflowRun
from workflows.models.attempt import TAIL
from workflows.operations import mark_success, retry
from workflows.payloads.rendering import MASKED_RESULT, render_payloads
from workflows.payloads.secrets import MASK
from workflows.reports.logs import AttemptLog

SHELL = ["bash", "-o", "pipefail", "-c"]


def given(execution: Execution, script: str, text: str = "{{ tasks.a.output }}") -> Any:
    """Return what a step is given of what the step before it has printed."""
    first: dict[str, Any] = {"command": [*SHELL, script]}
    payloads = {"a": first, "b": {"command": ["echo", text]}}
    ended = execution.steps(payloads, "a > b")
    assert ended["b"].outcome == "success", ended["b"].message
    return ended["b"].payload["command"][1]


def test_output_is_what_was_printed_trimmed(execution: Execution) -> None:
    assert given(execution, "printf '\\n one\\ntwo \\n\\n'") == "one\ntwo"


def test_both_streams_are_in_the_order_in_which_they_were_printed(execution: Execution) -> None:
    assert given(execution, "echo 1; echo 2 >&2; echo 3") == "1\n2\n3"


def test_output_of_a_step_that_prints_nothing_is_empty(execution: Execution) -> None:
    assert given(execution, ":", "x{{ tasks.a.output }}x") == "xx"


def test_output_of_a_function_is_what_it_prints(execution: Execution) -> None:
    payloads: dict[str, dict[str, Any]] = {
        "a": {"python": "tests.add", "kwargs": {"left": 1, "right": 2}},
        "b": {"command": ["echo", "{{ tasks.a.result.sum }}{{ tasks['a'].output }}"]},
    }
    assert execution.steps(payloads, "a > b")["b"].payload["command"][1].startswith("3")


def print_in(run: WorkflowRun, step_id: str, text: str) -> AttemptLog:
    """Let the attempt of a step print something."""
    log = AttemptLog(attempt(run, step_id).pk)
    log.write(text.encode())
    LogPiece.objects.bulk_create(log.last_pieces())
    return log


def test_of_a_long_log_the_last_64_000_characters_count(runs: DrawRun) -> None:
    run = runs("a > b", payload={})
    give_payloads(run, {"b": {"prompt": "{{ tasks.a.output }}"}})
    dispatch(run)
    text = "".join(f"{n:09d}\n" for n in range((kept_log_head() + TAIL) // 10 + 7_777))
    log = print_in(run, "a", text)
    finish(run, "a", log=log.digest)
    dispatch(run)
    assert attempt(run, "b").payload["prompt"] == text[-TAIL:].strip()


def test_log_whose_length_is_not_known_is_read_all_the_same(runs: DrawRun) -> None:
    run = runs("a > b", payload={})
    give_payloads(run, {"b": {"prompt": "{{ tasks.a.output }}"}})
    dispatch(run)
    print_in(run, "a", "x" * 100_000 + "end")
    finish(run, "a")
    dispatch(run)
    assert attempt(run, "b").payload["prompt"] == "x" * (TAIL - 3) + "end"


def test_only_the_last_attempt_counts(runs: DrawRun) -> None:
    run = runs("a > b", payload={})
    give_payloads(run, {"b": {"prompt": "{{ tasks.a.output }}"}})
    dispatch(run)
    print_in(run, "a", "first")
    finish(run, "a", "failed")
    retry(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    print_in(run, "a", "second")
    finish(run, "a")
    dispatch(run)
    assert attempt(run, "b").payload["prompt"] == "second"


def test_all_of_a_step_has_its_output(runs: DrawRun) -> None:
    run = runs("a > b", payload={})
    give_payloads(run, {"b": {"prompt": "{{ tasks.a }}"}})
    dispatch(run)
    print_in(run, "a", "text\n")
    finish(run, "a", exit_code=0, result=[1])
    dispatch(run)
    assert attempt(run, "b").payload["prompt"] == {"result": [1], "exit_code": 0, "output": "text"}


def test_unknown_name_of_a_step_lists_the_output(runs: DrawRun) -> None:
    run = runs("a > b", payload={})
    give_payloads(run, {"b": {"prompt": "{{ tasks.a.stdout }}"}})
    dispatch(run)
    finish(run, "a")
    dispatch(run)
    known = "unknown name 'stdout' (known: result, exit_code, output)"
    assert known in attempt(run, "b").message


@pytest.mark.parametrize(
    ("text", "statements"),
    [
        ("{{ run.id }} {{ run.created_at }} {{ task.attempt }} {{ params }}", 0),
        ("{{ tasks.a.result }} {{ tasks['a'].exit_code }}", 1),
        ("{{ tasks.nowhere.output }}", 1),
        ("{{ tasks.a.output }}", 2),
        ("{{ tasks.a.result }} {{ tasks['a']['output'] }}", 2),
    ],
)
def test_outputs_are_read_only_if_a_payload_refers_to_them(
    runs: DrawRun,
    django_assert_num_queries: DjangoAssertNumQueries,
    text: str,
    statements: int,
) -> None:
    run = runs("a > b", payload={})
    dispatch(run)
    finish(run, "a")
    give = run.tasks.get(step_id="b")
    give.payload = {"prompt": text}
    with django_assert_num_queries(statements):
        render_payloads(run, [give])


@pytest.mark.parametrize("printed", [f"token {MASK} seen", "x" * 70_000 + MASK + "y" * (TAIL - 4)])
def test_step_that_is_given_a_masked_output_fails(db: None, printed: str) -> None:
    run = run_with({"prompt": "{{ tasks.a.output }}"})
    print_in(run, "a", printed)
    dispatch(run)
    assert attempt(run, "b").message == MASKED_RESULT


def test_masked_output_that_is_not_used_does_no_harm(db: None) -> None:
    run = run_with({"prompt": "{{ tasks.a.result.rows }}"})
    print_in(run, "a", MASK)
    dispatch(run)
    assert attempt(run, "b").payload["prompt"] == 42


def test_secret_of_the_runner_in_an_output_counts(db: None) -> None:
    RunnerFactory.create(name="with-secrets", secret_names=["API_KEY"])
    run = run_with({"prompt": "{{ tasks.a.output }}"}, schema={}, runner="with-secrets")
    print_in(run, "a", MASK)
    dispatch(run)
    assert attempt(run, "b").message == MASKED_RESULT


def test_run_and_attempt_are_known_by_name(runs: DrawRun) -> None:
    run = runs("a", payload={"prompt": "{{ run.id }} {{ run.created_at[:10] }} {{ task.attempt }}"})
    dispatch(run)
    assert attempt(run, "a").payload["prompt"] == f"{run.pk} {run.created_at:%Y-%m-%d} 1"


@pytest.mark.parametrize("what", ["output", "result.rows", "exit_code"])
def test_step_after_one_marked_success_says_why_there_is_nothing(runs: DrawRun, what: str) -> None:
    run = runs("a > b")
    give_payloads(run, {"b": {"command": ["echo", f"{{{{ tasks.a.{what} }}}}"]}})
    dispatch(run)
    finish(run, "a", "failed", exit_code=2)
    mark_success(task(run, "a").pk, by=who("ada"), reason="exported by hand")
    dispatch(run)
    assert "step 'a' has left nothing: it was marked success by hand" in attempt(run, "b").message
