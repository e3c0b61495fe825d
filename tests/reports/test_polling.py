"""Runners are asked side by side; neither a silent one nor a broken one holds up the others."""

import threading
from uuid import UUID, uuid4

import pytest

from runners.base import RunnerReport, RunnerUnavailable
from workflows.models import TaskAttempt
from workflows.reports.polling import AT_ONCE, Answer, ask_runners

RUNNING = RunnerReport("running")


def attempts_at(*runner_ids: int) -> list[TaskAttempt]:
    return [TaskAttempt(pk=uuid4(), runner_id=runner_id) for runner_id in runner_ids]


def test_silent_runners_are_waited_for_together() -> None:
    runners = range(4 * AT_ONCE)
    all_are_asked = threading.Barrier(len(runners), timeout=5)

    def ask(_: TaskAttempt) -> Answer:
        all_are_asked.wait()
        return RUNNING

    assert ask_runners(attempts_at(*runners), ask) == [RUNNING] * len(runners)


def test_one_runner_is_asked_about_few_attempts_at_the_same_time() -> None:
    free = threading.Semaphore(AT_ONCE)
    refused: list[UUID] = []

    def ask(attempt: TaskAttempt) -> Answer:
        if not free.acquire(blocking=False):
            refused.append(attempt.pk)
        threading.Event().wait(0.01)
        free.release()
        return RUNNING

    ask_runners(attempts_at(*[1] * 4 * AT_ONCE), ask)
    assert not refused


def test_attempt_about_which_asking_raises_harms_no_other(
    caplog: pytest.LogCaptureFixture,
) -> None:
    broken, *sound = attempts_at(1, 1, 2)

    def ask(attempt: TaskAttempt) -> Answer:
        if attempt is broken:
            raise KeyError("status")
        return RUNNING

    first, *others = ask_runners([broken, *sound], ask)
    assert isinstance(first, RunnerUnavailable)
    assert others == [RUNNING, RUNNING]
    assert [record.getMessage() for record in caplog.records if record.exc_info] == [
        f"Attempt {broken.pk}: its runner could not be asked."
    ]


def test_nobody_is_asked_about_nothing() -> None:
    assert ask_runners([], lambda _: RUNNING) == []
