"""`manage.py check` names everything that a new task state lacks."""

import pytest
from django.core.checks import run_checks
from django.db.models import TextChoices

from workflows.checks import check_task_states, sentences_of
from workflows.insight.phrases import BROKEN_VERBS
from workflows.models import TaskState


class WithSkipped(TextChoices):
    """The task states, and a new one of which nothing else is known."""

    PENDING = "pending"
    """Waits."""
    SUCCESS = "success"
    """Done."""
    PARKED = "parked"


def test_each_state_of_the_product_has_all_that_it_needs() -> None:
    assert run_checks() == []


def test_the_check_is_registered() -> None:
    found = [check.__name__ for check in run_checks.__self__.get_checks()]  # type: ignore[attr-defined]
    assert check_task_states.__name__ in found


def test_everything_that_a_new_state_lacks_is_named() -> None:
    found = check_task_states(states=WithSkipped)
    assert {error.id for error in found} == {"orchestrator.E008"}
    assert [error.msg for error in found] == [
        "Task state 'parked' has no counter.",
        "Task state 'parked' has no group.",
        "Task state 'parked' has no mark in a terminal.",
        "Task state 'parked' has no part in the bars of runs.",
        "Task state 'parked' has no sentence.",
        "Task state 'parked' has no look in theme.css.",
        "Task state 'parked' has no look in icons.svg.",
        "Task state 'parked' has no look in console.css.",
        "Task state 'parked' has no look in graph/graph.css.",
        "Task state 'parked' has no look in run/run.css.",
        "Task state 'parked' has no look in run/graph_tools.js.",
    ]
    hints = [str(error.hint) for error in found]
    assert hints[0] == "Add the field `parked_count` to WorkflowRun, and migrate."
    assert "Add --state-parked and .badge-parked and .icon-parked" in hints[5]


def test_a_broken_state_needs_a_verb_that_root_causes_are_named_with(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(BROKEN_VERBS, "failed")
    assert [error.msg for error in check_task_states()] == [
        "Task state 'failed' has no verb as a root cause."
    ]


def test_a_sentence_is_the_string_below_its_own_state() -> None:
    assert sentences_of(WithSkipped) == {"pending": "Waits.", "success": "Done."}
    assert list(sentences_of(TaskState)) == TaskState.values
