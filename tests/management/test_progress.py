"""The live progress of a run in a terminal."""

from io import StringIO

import pytest
from rich.console import Console

from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, start
from workflows.management.progress import MAX_ROWS, Progress
from workflows.models import WorkflowRun


def picture(run: WorkflowRun) -> str:
    """Return the progress of a run in a terminal of 100 columns."""
    console = Console(file=StringIO(), force_terminal=True, width=100, color_system=None)
    run.refresh_from_db()
    with Progress(run, console):
        pass
    shown = console.file
    assert isinstance(shown, StringIO)
    return shown.getvalue()


def test_every_task_of_a_small_run_is_shown_with_its_state(runs: DrawRun) -> None:
    run = runs("extract > load, lint")
    dispatch_all(run)
    start(run, "extract")
    finish(run, "lint", "failed")
    shown = picture(run)
    assert f"run {run.pk} is running" in shown
    for mark, step_id in (("▶", "extract"), ("·", "load"), ("✗", "lint")):
        assert f" {mark}  {step_id} " in shown
    assert "· 1 pending  ▶ 1 running  ✗ 1 failed" in shown


def test_active_and_broken_tasks_of_a_large_run_are_shown(runs: DrawRun) -> None:
    names = [f"s{n:02}" for n in range(MAX_ROWS)]
    run = runs(", ".join(names) + ", s00 > later")
    dispatch_all(run)
    start(run, "s23")
    finish(run, "s00", "failed")
    shown = picture(run)
    assert " ✗  s00 " in shown
    assert "later" not in shown
    assert "… and 12 more" in shown


@pytest.mark.parametrize("size", [3, 200])
def test_update_takes_the_same_statements_for_a_small_run_and_a_large_one(
    runs: DrawRun, size: int, django_assert_max_num_queries: object
) -> None:
    run = runs(", ".join(f"s{n}" for n in range(size)))
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        picture(run)
