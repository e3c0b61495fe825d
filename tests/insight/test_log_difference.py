"""How two logs differ, but for times and ids."""

import time

import pytest

from workflows.insight.log_difference import MOST_LINES, MOST_SHOWN, log_difference, masked


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        ("2026-11-25T02:30:01.123Z start", "2026-11-26T02:30:07Z start"),
        ("02:30:01 start", "02:41:59 start"),
        ("run 3f2a9c10-1111-4222-8333-444455556666", "run 9b2a9c10-7777-4222-8333-444455556666"),
        ("commit 3f2a9c1", "commit 88ab3d0"),
        ("took 3.2 s", "took 41 ms"),
        ("order 88123 of pid=41", "order 90817 of pid=7"),
        ("at 0x7f3a", "at 0x12bc"),
    ],
)
def test_times_and_ids_are_left_out(older: str, newer: str) -> None:
    assert masked(older) == masked(newer)
    assert log_difference(older, newer).lines == []


@pytest.mark.parametrize(
    ("older", "newer"),
    [("5 migrations", "7 migrations"), ("a feed", "a face"), ("exit code 1", "exit code 2")],
)
def test_small_numbers_and_words_count(older: str, newer: str) -> None:
    assert masked(older) != masked(newer)


def test_lines_have_their_numbers_and_equal_ones_are_counted() -> None:
    same = [f"line {n}" for n in range(10)]
    older = "\n".join([*same, "old", "end"])
    newer = "\x1b[31mfirst\x1b[0m\n" + "\n".join([*same, "end", "more"])

    found = log_difference(older, newer)

    told = [(line.sign, line.older, line.newer, line.text) for line in found.lines]
    assert told == [
        ("+", None, 1, "first"),
        (" ", 1, 2, "line 0"),
        (" ", 2, 3, "line 1"),
        ("…", None, None, "6 equal lines"),
        (" ", 9, 10, "line 8"),
        (" ", 10, 11, "line 9"),
        ("-", 11, None, "old"),
        (" ", 12, 12, "end"),
        ("+", None, 13, "more"),
    ]
    assert found.differing == 3


def test_long_logs_are_compared_at_their_end_within_bounds() -> None:
    older = "\n".join(f"{n % 7} {'x' * (n % 11)}" for n in range(5 * MOST_LINES))
    newer = "\n".join(f"{n % 5} {'y' * (n % 13)}" for n in range(4 * MOST_LINES))

    began = time.monotonic()
    found = log_difference(older, newer)

    assert time.monotonic() - began < 3
    assert len(found.lines) == MOST_SHOWN
    assert found.left_out
    assert (found.lines[0].older or 0) > 4 * MOST_LINES
