"""`ORCHESTRATOR_RUN_DIR`: where the tasks of a run leave files for each other."""

from pathlib import Path
from typing import Any

import pytest

from tests.execution.conftest import Execution, log_of
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import task, walk
from workflows import operations
from workflows.execution.run_directories import (
    directory_of,
    remove_unneeded,
    remove_unneeded_now_and_then,
)
from workflows.models import WorkflowRun


@pytest.fixture(autouse=True)
def runs_dir(settings: Any, tmp_path: Path) -> Path:
    """Let the runs of a test have a folder of their own."""
    settings.RUNS_DIR = tmp_path / "var" / "runs"
    return tmp_path / "var" / "runs"


def shell(script: str) -> dict[str, Any]:
    return {"command": ["sh", "-c", script]}


WRITE = shell('echo text > "$ORCHESTRATOR_RUN_DIR/file"')
READ = shell('cat "$ORCHESTRATOR_RUN_DIR/file"')


def test_step_finds_what_an_earlier_step_has_written(execution: Execution, runs_dir: Path) -> None:
    run = execution.drawn({"a": WRITE, "b": READ}, "a > b")
    ended = execution.to_end(run)
    assert log_of(ended["b"]) == "text\n"
    made = directory_of(WorkflowRun.objects.get(pk=run.pk))
    assert list(runs_dir.iterdir()) == [made]
    assert made.name.startswith(f"{run.pk}-2")
    assert [each.stat().st_mode & 0o777 for each in (made, runs_dir)] == [0o700, 0o700]


def test_function_finds_it_in_its_environment_and_leaves_it_there_for_nobody(
    execution: Execution,
) -> None:
    function = {"python": "tests.variable", "kwargs": {"name": "ORCHESTRATOR_RUN_DIR"}}
    run = execution.drawn({"a": WRITE, "b": function}, "a > b")
    ended = execution.to_end(run, concurrency=1)
    assert ended["b"].result == str(directory_of(WorkflowRun.objects.get(pk=run.pk)))


def test_runs_have_directories_of_their_own(execution: Execution) -> None:
    first = execution.run(WRITE)
    second = execution.run(READ)
    assert (first.outcome, second.outcome) == ("success", "failed")


def test_directory_of_a_successful_run_is_removed(execution: Execution, runs_dir: Path) -> None:
    execution.steps({"a": shell('mkdir -p "$ORCHESTRATOR_RUN_DIR/x/y"'), "b": WRITE})
    remove_unneeded()
    assert list(runs_dir.iterdir()) == []


def test_directory_of_a_failed_run_stays_for_a_retry(execution: Execution, runs_dir: Path) -> None:
    seen = 'test -e "$ORCHESTRATOR_RUN_DIR/seen" || { touch "$ORCHESTRATOR_RUN_DIR/seen"; exit 3; }'
    run = execution.drawn({"a": WRITE, "b": shell(seen), "c": READ}, "a > b > c")
    execution.to_end(run)
    remove_unneeded()
    assert len(list(runs_dir.iterdir())) == 1
    operations.retry(task(run, "b").pk, by=who("ada"))
    assert log_of(execution.to_end(run)["c"]) == "text\n"
    remove_unneeded()
    assert list(runs_dir.iterdir()) == []


def test_run_that_ended_on_another_machine_is_noticed(runs: DrawRun, runs_dir: Path) -> None:
    run = runs("a")
    directory_of(run).mkdir(parents=True)
    walk(run, "a")
    remove_unneeded()
    assert list(runs_dir.iterdir()) == []


def test_what_is_no_directory_of_a_known_run_stays(runs: DrawRun, runs_dir: Path) -> None:
    run = runs("a")
    walk(run, "a")
    others = {
        f"{run.pk}-20200101T000000000000",
        "999999-20200101T000000000000",
        "mine",
        f"{run.pk}",
    }
    for name in others:
        (runs_dir / name).mkdir(parents=True)
    remove_unneeded()
    assert {each.name for each in runs_dir.iterdir()} == others


def test_where_it_cannot_be_made_only_who_uses_it_fails(
    execution: Execution, settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    settings.RUNS_DIR = tmp_path / "file" / "runs"
    ended = execution.steps({"a": shell("echo fine"), "b": WRITE})
    assert (ended["a"].outcome, ended["b"].outcome) == ("success", "failed")
    assert "cannot create" in log_of(ended["b"])
    remove_unneeded()


def test_nothing_is_asked_where_nothing_was_executed(
    db: None, django_assert_num_queries: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.monotonic", lambda: float(10**9))
    with django_assert_num_queries(0):
        remove_unneeded_now_and_then()
