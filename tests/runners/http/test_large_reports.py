"""Reports of any size: the status counts, the output is cut as every log is."""

import tracemalloc
from collections.abc import Iterator
from datetime import timedelta
from itertools import repeat
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from runners.conf import kept_log_head
from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner
from tests.support.trail import check_trail
from tests.support.verbs import attempt, dispatch, states
from workflows.dispatch.tokens import token_of
from workflows.models import TaskAttempt, WorkflowRun
from workflows.models.attempt import TAIL
from workflows.reports.recovery import recover_overdue

LINE = "a line of seventeen megabytes of output\n"
OUTPUT = LINE * 425_000


def log_text(run: WorkflowRun) -> str:
    return "".join(piece.text for piece in attempt(run, "a").log_pieces.all())


def poll(run: WorkflowRun) -> None:
    past = timezone.now() - timedelta(minutes=5)
    TaskAttempt.objects.update(lease_expires_at=past)
    recover_overdue(by=who("rescue"))


def assert_is_cut(log: str, output: str) -> None:
    cut = len(output) - kept_log_head() - TAIL
    assert (
        log
        == f"{output[: kept_log_head()]}\n[… {cut:,} characters were cut here …]\n{output[-TAIL:]}"
    )


@pytest.fixture(params=["callback", "poll"])
def report(
    request: pytest.FixtureRequest,
    host: HostRunner,
    callback: Callback,
    monkeypatch: pytest.MonkeyPatch,
) -> Any:
    """Report the end of `a` in one of the two ways; it is the size that is tried, not the time."""
    monkeypatch.setattr("runners.http.TIMEOUT_S", 120)

    def send(run: WorkflowRun, status: str, **fields: Any) -> None:
        if request.param == "callback":
            assert callback(run, "a", status, **fields).status_code == 200
        else:
            host.says(attempt(run, "a").pk, status, **fields)
            poll(run)

    return send


def test_large_output_is_cut_and_its_status_counts(runs: DrawRun, report: Any) -> None:
    run = runs("a")
    dispatch(run)
    report(run, "failed", exit_code=3, stdout=OUTPUT, result={"n": 1})
    ended = attempt(run, "a")
    assert (states(run), ended.exit_code, ended.result) == ({"a": "failed"}, 3, {"n": 1})
    assert_is_cut(log_text(run), OUTPUT)
    check_trail(run)


def test_both_large_streams_are_one_log(runs: DrawRun, report: Any) -> None:
    run = runs("a")
    dispatch(run)
    report(run, "success", stdout=OUTPUT, stderr=OUTPUT + "the reason\n")
    assert_is_cut(log_text(run), OUTPUT + OUTPUT + "the reason\n")


def test_large_message_and_large_unknown_fields_do_not_matter(runs: DrawRun, report: Any) -> None:
    run = runs("a")
    dispatch(run)
    report(run, "success", message="m" * 6_000_000, trace=[["x"]] * 500_000, stdout="done\n")
    assert states(run) == {"a": "success"}
    assert log_text(run).startswith("done\n\nmmm")  # the log has what the message has not


def test_large_result_is_left_out_and_the_message_says_so(runs: DrawRun, report: Any) -> None:
    run = runs("a")
    dispatch(run)
    report(run, "success", message="fine", result=["x"] * 1_500_000)
    ended = attempt(run, "a")
    assert (ended.outcome, ended.result) == ("success", None)
    assert ended.message == (
        "fine (the result was too large, or nested too deeply; it was left out)"
    )


def test_secret_at_the_edge_of_the_cut_is_not_shown_in_part(runs: DrawRun, report: Any) -> None:
    secret = "correct-horse-battery-staple"
    run = runs("a")
    WorkflowRun.objects.filter(pk=run.pk).update(secrets={"token": secret})
    dispatch(run)
    report(run, "success", stdout=secret * 600_000)
    beginning, _, end = log_text(run).split("\n")
    assert {*beginning, *end} == {"*"}


class OutputOf:
    """The body of a callback that nobody has in memory as a whole."""

    def __init__(self, megabytes: int) -> None:
        """Begin a body of this size."""
        self.pieces: Iterator[bytes] = iter(
            [b'{"status": "success", "stdout": "', *repeat(b"x" * 10_000, 100 * megabytes), b'"}']
        )
        self.length = 35 + megabytes * 1_000_000

    def read(self, size: int = -1) -> bytes:
        """Return a piece."""
        assert 0 < size < 1_000_000
        return next(self.pieces, b"")

    readline = read


def test_memory_for_a_callback_does_not_grow_with_its_output(
    runs: DrawRun, host: HostRunner, client: Client
) -> None:
    run = runs("a")
    dispatch(run)
    sent, output = attempt(run, "a"), OutputOf(60)
    body: Any = {"wsgi.input": output, "CONTENT_LENGTH": str(output.length)}
    tracemalloc.start()
    answer = client.generic(
        "POST",
        f"/runner/tasks/{sent.task_id}/status",
        "replaced by what follows",
        content_type="application/json",
        headers={"X-Runner-Token": token_of(sent.pk)},
        **body,
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (answer.status_code, states(run)) == (200, {"a": "success"})
    assert peak < 40_000_000
