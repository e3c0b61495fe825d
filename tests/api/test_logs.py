"""`GET /tasks/{id}/log`."""

import pytest
from rest_framework.test import APIClient

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch, finish, task
from workflows.models import LogPiece, TaskAttempt, WorkflowRun
from workflows.models.attempt import LARGEST_PIECE
from workflows.operations.tasks import retry
from workflows.reports.logs import AttemptLog


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    run = runs("a")
    dispatch(run)
    return run


def write(of: TaskAttempt, *texts: str) -> None:
    log = AttemptLog(of.pk)
    for text in texts:
        log.write(text.encode())
        LogPiece.objects.bulk_create(log.pieces())


def test_log_is_by_default_that_of_the_last_attempt(api: APIClient, run: WorkflowRun) -> None:
    first = attempt(run, "a")
    write(first, "one\n")
    finish(run, "a", "failed")
    retry(first.task_id, by=who("test"))
    dispatch(run)
    second = attempt(run, "a")
    write(second, "two\n", "zwölf\n")
    path = f"/tasks/{first.task_id}/log"

    assert api.get(path).json() == {
        "task_id": first.task_id,
        "attempt_id": str(second.pk),
        "attempt_number": 2,
        "status": "dispatched",
        "after": 0,
        "text": "two\nzwölf\n",
        "length": 10,
    }
    for name in ("1", first.pk):
        old = api.get(f"{path}?attempt={name}").json()
        assert (old["attempt_id"], old["status"], old["text"]) == (str(first.pk), "failed", "one\n")


@pytest.mark.parametrize("after", [0, 1, 4, 5, 9, 10, 11, 10**12])
def test_log_can_be_read_from_any_character(api: APIClient, run: WorkflowRun, after: int) -> None:
    write(attempt(run, "a"), "two\n", "zwölf\n")

    answer = api.get(f"/tasks/{task(run, 'a').pk}/log?after={after}").json()

    assert (answer["text"], answer["length"]) == ("two\nzwölf\n"[after:], 10)


def test_log_can_be_read_from_within_a_piece(api: APIClient, run: WorkflowRun) -> None:
    text = "".join(f"{n:07d}\n" for n in range(LARGEST_PIECE // 4))
    write(attempt(run, "a"), text)
    assert LogPiece.objects.count() == 2

    for after in (1, LARGEST_PIECE - 1, LARGEST_PIECE, LARGEST_PIECE + 1):
        answer = api.get(f"/tasks/{task(run, 'a').pk}/log?after={after}").json()
        assert answer["text"] == text[after:]


def test_a_task_without_attempts_has_an_empty_log(api: APIClient, runs: DrawRun) -> None:
    pending = task(runs("a"), "a")

    answer = api.get(f"/tasks/{pending.pk}/log")

    assert answer.status_code == 200
    assert (answer.json()["attempt_id"], answer.json()["text"]) == (None, "")


@pytest.mark.parametrize(
    ("query", "status", "named"),
    [
        ("attempt=2", 404, "detail"),
        ("attempt=5a4ab8a1-0000-4000-8000-000000000000", 404, "detail"),
        ("attempt=x", 400, "attempt"),
        ("attempt=-1", 400, "attempt"),
        ("after=-1", 400, "after"),
        ("after=x", 400, "after"),
        ("after=" + "9" * 5000, 400, "after"),
        ("before=1", 400, "before"),
    ],
)
def test_wrong_log_query_is_refused(
    api: APIClient, run: WorkflowRun, query: str, status: int, named: str
) -> None:
    answer = api.get(f"/tasks/{task(run, 'a').pk}/log?{query}")

    assert answer.status_code == status
    assert named in answer.json()
