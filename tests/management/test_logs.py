"""`manage.py logs`: what the tasks of a run have printed."""

import io
import subprocess
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from tests.execution.conftest import Execution, execution
from tests.management.conftest import MANAGE, Started
from tests.support.actors import who
from tests.support.database import environment
from tests.support.drawing import DrawRun
from tests.support.redefined import give_payloads
from tests.support.verbs import dispatch_all, task
from workflows import operations

__all__ = ["execution"]


def printed(*arguments: object) -> str:
    out = io.StringIO()
    call_command("logs", *map(str, arguments), stdout=out)
    return out.getvalue()


def shell(script: str) -> dict[str, Any]:
    return {"command": ["sh", "-c", script]}


def test_logs_of_all_tasks_have_headings_and_reasons(execution: Execution) -> None:
    payloads = {
        "a": shell("printf one"),
        "b": shell("exit 3"),
        "c": shell(":"),
        "d": shell("echo x"),
    }
    ended = execution.steps(payloads)
    assert printed(ended["a"].run_id) == (
        "==> a <==\none\n==> b <==\n[failed (exit code 3)]\n==> d <==\nx\n"
    )


def test_log_of_one_step_is_printed_as_it_is(execution: Execution) -> None:
    payloads = {"a": shell("printf 'one\\ntwo'; exit 3"), "b": shell("echo x")}
    ended = execution.steps(payloads)
    assert printed(ended["a"].run_id, "a") == "one\ntwo"


def test_latest_attempt_is_the_one_that_is_printed(execution: Execution) -> None:
    run = execution.drawn({"a": shell("echo $ORCHESTRATOR_ATTEMPT_ID; exit 3")})
    execution.to_end(run)
    operations.retry(task(run, "a").pk, by=who("ada"))
    second = execution.to_end(run)["a"]
    assert printed(run.pk) == f"==> a, attempt 2 <==\n{second.pk}\n[failed (exit code 3)]\n"


def test_unknown_run_and_step_are_named(runs: DrawRun) -> None:
    run = runs("a, b")
    with pytest.raises(CommandError, match="workflow run 999 not found"):
        printed(999)
    with pytest.raises(CommandError, match=f"run {run.pk} has no step 'x'; its steps are: a, b"):
        printed(run.pk, "x")


def test_following_prints_what_comes_until_the_run_has_ended(
    runs: DrawRun, started: Started, tmp_path: Path
) -> None:
    run = runs("a > b", auto_dispatch=True)
    wait = f"until test -e {tmp_path}/go; do sleep 0.05; done"
    give_payloads(run, {"a": shell(f"echo one; {wait}; echo two"), "b": shell("echo three")})
    dispatch_all(run)
    runner, follower = started("local_runner"), started("logs", str(run.pk), "--follow")
    assert follower.stdout
    assert follower.stdout.readline() == "==> a <==\n"
    assert follower.stdout.readline() == "one\n"
    (tmp_path / "go").touch()
    assert follower.communicate(timeout=30)[0] == "two\n==> b <==\nthree\n"
    assert follower.returncode == 0
    runner.terminate()


@pytest.mark.django_db(transaction=True)
def test_reader_that_goes_ends_it_in_silence(execution: Execution) -> None:
    ended = execution.steps({"a": shell("seq 100000")})
    command = " ".join([*MANAGE, "logs", str(ended["a"].run_id), "| head -n 2"])
    done = subprocess.run(
        ["sh", "-c", command],
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert (done.stdout, done.stderr) == ("==> a <==\n1\n", "")
