"""Messages, reasons and notes are cut, and say so."""

import pytest
from django.db import models
from hypothesis import given
from hypothesis import strategies as st

from workflows.models import Approval, Event, Task, TaskAttempt
from workflows.models.bounds import IN_LOG, LONGEST_MESSAGE, cut, cut_texts


def test_what_is_short_stays_as_it_is() -> None:
    assert cut("x" * LONGEST_MESSAGE) == "x" * LONGEST_MESSAGE


def test_what_is_long_says_how_much_is_missing() -> None:
    assert cut("x" * 5_000_000, rest=IN_LOG) == (
        "x" * 3_000 + "… (4,997,000 more characters are in the log)"
    )


@given(st.integers(0, 50_000), st.integers(400, 9_000))
def test_what_was_cut_is_not_cut_again_if_words_are_added(length: int, most: int) -> None:
    once = cut("x" * length, most=most)
    assert len(once) <= most
    with_words = f"refused: {once} (last)"
    assert length in range(most - 20, most + 1) or cut(with_words, most=most) == with_words


def test_texts_are_cut_wherever_they_stand() -> None:
    long = "x" * 5_000
    assert cut_texts({"a": [long, {"b": long}], "n": 1, "z": None}) == {
        "a": [cut(long), {"b": cut(long)}],
        "n": 1,
        "z": None,
    }


@pytest.mark.parametrize(
    ("model", "name"),
    [(Event, "reason"), (Event, "payload"), (TaskAttempt, "message"), (Task, "note")],
)
def test_migrations_see_djangos_own_fields(model: type[models.Model], name: str) -> None:
    path = model._meta.get_field(name).deconstruct()[1]  # type: ignore[union-attr]
    assert path in {"django.db.models.TextField", "django.db.models.JSONField"}


def test_a_long_comment_is_stored_cut(db: None) -> None:
    task = Task.objects.create(title="t", note="n" * 5_000)
    Approval.objects.create(task=task, comment="c" * 5_000)
    task.refresh_from_db()
    assert (task.note, Approval.objects.get().comment) == (cut("n" * 5_000), cut("c" * 5_000))
