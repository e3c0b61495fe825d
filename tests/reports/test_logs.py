"""Pieces of a log know when they were printed, not when they were stored."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import Settings

from runners.conf import kept_log_head
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch
from workflows.models import LogPiece
from workflows.models.attempt import LARGEST_PIECE
from workflows.reports.logs import AttemptLog

BEGIN = datetime(2030, 1, 1, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """Let it be the first moment of the list."""
    moments = [BEGIN]
    monkeypatch.setattr(timezone, "now", lambda: moments[0])
    return moments


def seconds(pieces: list[LogPiece]) -> list[float]:
    return [(piece.at - BEGIN).total_seconds() for piece in pieces if piece.at]


def test_piece_has_the_moment_at_which_its_first_text_arrived(clock: list[datetime]) -> None:
    log = AttemptLog(uuid4())
    log.write(b"one")
    clock[0] += timedelta(seconds=2)
    log.write(b"two")
    clock[0] += timedelta(seconds=2)
    first = log.pieces()
    log.write(b"three" * LARGEST_PIECE)
    clock[0] += timedelta(seconds=2)

    assert seconds(first) == [0]
    assert seconds(log.pieces()) == [4] * 5
    assert log.last_pieces() == []


def test_end_of_a_long_log_has_the_moment_of_the_last_output(clock: list[datetime]) -> None:
    log = AttemptLog(uuid4())
    log.write(b"x" * kept_log_head())
    log.pieces()
    for _ in range(3):
        clock[0] += timedelta(seconds=2)
        log.write(b"y" * LARGEST_PIECE)
    clock[0] += timedelta(seconds=2)

    assert set(seconds(log.last_pieces())) == {6}


def test_as_much_of_the_beginning_is_kept_as_the_setting_says(settings: Settings) -> None:
    settings.KEEP_LOG_MB = 2
    log = AttemptLog(uuid4())
    log.write(b"x" * 2_000_000 + b"y" * 100_000)

    text = "".join(piece.text for piece in log.last_pieces())
    assert text.count("x") == 2_000_000
    assert "[… 36,000 characters were cut here …]" in text


def test_moment_is_stored(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    log = AttemptLog(attempt(run, "a").pk)
    before = timezone.now()
    log.write(b"hello")
    after = timezone.now()
    LogPiece.objects.bulk_create(log.last_pieces())

    stored = LogPiece.objects.get().at
    assert stored
    assert before <= stored <= after


def test_piece_of_which_nothing_is_known_gets_the_time_of_its_storing(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    LogPiece.objects.bulk_create([LogPiece(attempt=attempt(run, "a"), offset=0, text="x")])
    stored = LogPiece.objects.get().at
    assert stored
    assert abs(stored - timezone.now()) < timedelta(minutes=1)
