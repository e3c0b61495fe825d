"""The log viewer reads a log in ranges, searches all logs of a run, and pages show last lines."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, finish, task
from workflows.insight import log_range, log_search
from workflows.insight.log_end import LastLine, last_lines, telling_lines
from workflows.insight.log_range import end_of_log, log_after, log_before
from workflows.insight.log_search import search_logs
from workflows.models import LogPiece, TaskAttempt, WorkflowRun
from workflows.payloads.patterns import PatternRefused
from workflows.reports.logs import AttemptLog

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    """Return a run of three tasks that print."""
    run = runs("a, b, c")
    dispatch_all(run)
    return run


def store(of: TaskAttempt, *texts: str) -> str:
    """Store a log of these pieces, a second after each other; return it as a whole."""
    offset = 0
    for n, text in enumerate(texts):
        at = BEGIN + timedelta(seconds=n)
        LogPiece.objects.create(attempt=of, offset=offset, text=text, at=at)
        offset += len(text)
    return "".join(texts)


def test_end_says_which_line_it_begins_with(
    run: WorkflowRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(log_range, "END_SHOWN", 10)
    store(attempt(run, "a"), "one\ntwo\n", "three\nf", "our 🙂\n", "five\n")

    end = end_of_log(attempt(run, "a"))

    assert end["pieces"] == [(BEGIN.timestamp() + 2, "our 🙂\n"), (BEGIN.timestamp() + 3, "five\n")]
    assert (end["from"], end["to"], end["lines"], end["is_open"]) == (15, 26, 3, True)


def test_ranges_join_to_the_whole_log(run: WorkflowRun, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_range, "END_SHOWN", 5)
    monkeypatch.setattr(log_range, "LARGEST_RANGE", 25)
    monkeypatch.setattr(log_range, "MOST_PIECES", 3)
    of = attempt(run, "a")
    whole = store(of, *[f"line {n}\n" for n in range(20)])

    found = end_of_log(of)
    text = "".join(text for _, text in found["pieces"])
    assert found["lines"] + text.count("\n") == 20
    while found["from"]:
        found = log_before(of, found["from"])
        text = "".join(text for _, text in found["pieces"]) + text
    assert text == whole

    later, text = log_after(of, 0), ""
    while later["pieces"]:
        text += "".join(text for _, text in later["pieces"])
        later = log_after(of, later["to"])
    assert text == whole


def test_log_that_is_empty_has_an_end(run: WorkflowRun) -> None:
    nothing = {"from": 0, "to": 0, "pieces": []}
    answer = {"status": "dispatched", "is_open": True, **nothing}
    assert end_of_log(attempt(run, "a")) == {**answer, "lines": 0}
    assert log_after(attempt(run, "a"), 7) == {**answer, "from": 7, "to": 7}


def test_search_finds_what_is_shown_in_the_logs_of_all_latest_attempts(run: WorkflowRun) -> None:
    store(attempt(run, "a"), "Region \x1b[31mre", "\x1b[0mgion\nREGION")
    store(attempt(run, "b"), "nothing\n")
    store(attempt(run, "c"), "region region\n")
    a, c = task(run, "a").pk, task(run, "c").pk

    assert search_logs(run, "region").hits == {a: 3, c: 2}
    assert search_logs(run, "region", has_case=True).hits == {a: 1, c: 2}
    assert search_logs(run, "^region", is_pattern=True).hits == {a: 2, c: 1}
    assert search_logs(run, "r.g").hits == {}
    with pytest.raises(PatternRefused):
        search_logs(run, "(", is_pattern=True)


def test_search_says_what_it_has_left_out(
    run: WorkflowRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for step_id in "abc":
        store(attempt(run, step_id), "x" * 100 + "-z\n")
    monkeypatch.setattr(log_search, "MOST_LOGS", 2)
    found = search_logs(run, "x")
    assert (found.logs, found.left_out, len(found.hits)) == (3, 1, 2)

    monkeypatch.setattr(log_search, "LONGEST_S", 0.2)
    assert search_logs(run, "(x|xx)+z", is_pattern=True).left_out == 3
    monkeypatch.setattr(log_search, "MOST_CHARACTERS", 150)
    found = search_logs(run, "x")
    assert (found.left_out, len(found.hits)) == (2, 1)


def print_and_fail(run: WorkflowRun, step_id: str, *texts: str) -> int:
    """Let an attempt print these texts, and fail; return its task."""
    of = attempt(run, step_id)
    log = AttemptLog(of.pk)
    for text in texts:
        log.write(text.encode())
        LogPiece.objects.bulk_create(log.pieces())
    pieces = log.last_pieces()
    finish(run, step_id, "failed", pieces=pieces, log=log.digest)
    return of.task_id


def test_last_lines_of_many_logs_have_numbers_and_take_one_statement(
    run: WorkflowRun, django_assert_num_queries: pytest.FixtureRequest
) -> None:
    lines = [f"line {n}\n" for n in range(1, 9)]
    a = print_and_fail(run, "a", *lines, "\n", "\x1b[31mERROR\x1b[m\n")
    b = print_and_fail(run, "b", "x" * 40_000 + "\n" + "y" * 40_000 + "\nlast")
    c = print_and_fail(run, "c", "z\n" * 150_000, "the end\n")

    with django_assert_num_queries(1):  # type: ignore[operator]
        found = last_lines([a, b, c])

    said = [(line.text, line.number) for line in found[a]]
    assert said == [("line 7", 7), ("line 8", 8), ("ERROR", 10)]
    assert found[b][-1][:2] == ("last", 3)
    assert [line.text for line in found[c]] == ["z", "z", "the end"]
    assert found[c][-1].number is None
    assert last_lines([]) == {}
    moments = dict(LogPiece.objects.filter(attempt__task=b).values_list("offset", "at"))
    assert found[b][-1].at == moments[max(moments)]


def test_lines_have_the_time_of_the_piece_in_which_they_begin(run: WorkflowRun) -> None:
    of = attempt(run, "a")
    noon = datetime(2026, 11, 26, 12, tzinfo=UTC)
    later = [noon + timedelta(seconds=n) for n in range(3)]
    at = 0
    for text, moment in zip(("one\ntw", "o\n", "three\n"), later, strict=True):
        LogPiece.objects.create(attempt=of, offset=at, text=text, at=moment)
        at += len(text)
    TaskAttempt.objects.filter(pk=of.pk).update(log_length=at)
    lines = [("one", 1, noon), ("two", 2, noon), ("three", 3, later[2])]
    assert last_lines([of.task_id]) == {of.task_id: [LastLine(*line) for line in lines]}


def test_line_that_tells_of_an_error_stands_for_the_log(run: WorkflowRun) -> None:
    a = print_and_fail(run, "a", "line\n", "\x1b[31mERROR\x1b[m\n", "end\n")
    b = print_and_fail(run, "b", "x\n", "last")
    assert telling_lines([a, b])[a].text == "ERROR"
    assert telling_lines([a, b])[b].text == "last"
