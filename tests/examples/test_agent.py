"""The agent: its change, its budget, its key, and what a reviewer has to approve."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.examples.checkouts import commit, git
from tests.examples.running import (
    FOLDER,
    approve,
    finish_by_service,
    log_of,
    retry,
    run_example,
)
from tests.management.conftest import Started, wait_for
from tests.support.verbs import states

pytestmark = pytest.mark.django_db(transaction=True)

PROMPT = 'Say "$(hello)" to `everybody`, --please'
KEY = "sk-swordfish-0123456789"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a repository with one file."""
    commit(tmp_path / "checkout", "Begin.", page="hello\n")
    return tmp_path / "checkout"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder at the head of the PATH, for the command line of an agent."""
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    return tmp_path / "bin"


def install(programs: Path, name: str, script: str) -> None:
    """Make a program that stands for the command line of an agent."""
    (programs / name).write_text(f"#!/bin/sh\n{script}\n")
    (programs / name).chmod(0o755)


def test_change_is_on_a_branch_once_it_is_approved(checkout: Path, started: Started) -> None:
    before = git(checkout, "rev-parse", "HEAD")
    run, done = run_example("agent", prompt=PROMPT, checkout=str(checkout))
    assert done.returncode == 2, done.stderr
    assert "`publish` waits for approval" in done.stderr
    assert f"+{PROMPT}" in log_of(run, "change").splitlines()
    assert git(checkout, "branch", "--format=%(refname:short)") == "main"
    approve(run, "publish")
    assert finish_by_service(run, started) == "success"
    branch = f"agent/run-{run.pk}"
    assert git(checkout, "show", f"{branch}:PROMPT.md") == PROMPT
    assert git(checkout, "rev-parse", f"{branch}^", "HEAD").split() == [before, before]
    message = git(checkout, "log", "-1", "--format=%an: %B", branch)
    assert message == f"stand-in: {PROMPT}\n\nThe agent answered:\n\nThe prompt is in PROMPT.md."
    assert git(checkout, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("agent", "variable", "arguments"),
    [
        (
            *("claude", "ANTHROPIC_API_KEY"),
            "--print --permission-mode acceptEdits --max-turns 5 --max-budget-usd 0.5",
        ),
        ("codex", "CODEX_API_KEY", "exec --sandbox workspace-write -"),
    ],
)
def test_agent_gets_prompt_budget_and_key_and_its_own_commits_count(
    agent: str, variable: str, arguments: str, checkout: Path, programs: Path
) -> None:
    script = f"""
    cat > prompt; echo "$@" > arguments; rm page
    test "${variable}" = {KEY} || exit 1
    git -c user.name=x -c user.email=x commit -qam 'A commit of the agent'
    echo Done."""
    install(programs, agent, script)
    given: dict[str, Any] = {"api_key": KEY, "max_turns": 5, "budget_usd": 0.5}
    run, done = run_example("agent", prompt=PROMPT, checkout=str(checkout), agent=agent, **given)
    assert done.returncode == 2, done.stderr
    change = log_of(run, "change")
    assert f"+{PROMPT}" in change
    assert f"+{arguments}\n" in change
    assert "-hello\n" in change
    assert KEY not in "".join(log_of(run, step) for step in ("copy", "agent", "change"))


def test_agent_that_spends_its_time_is_ended_and_a_retry_begins_afresh(
    checkout: Path, programs: Path, tmp_path: Path, started: Started
) -> None:
    install(programs, "claude", "rm page; echo half > half; exec sleep 600")
    text = (FOLDER / "agent.yaml").read_text()
    changed = tmp_path / "changed.yaml"
    changed.write_text(text.replace("timeout_seconds: 1800", "timeout_seconds: 4"))
    run, done = run_example(
        "agent", file=changed, prompt=PROMPT, checkout=str(checkout), agent="claude"
    )
    assert done.returncode == 1
    assert states(run) | {"agent": "failed", "publish": "pending"} == states(run)
    assert "timed out after 4 s" in done.stderr
    install(programs, "claude", "cat > done")
    retry(run, "agent")
    started("local_runner")
    wait_for(lambda: states(run)["change"] == "success")
    assert "1 file changed" in log_of(run, "change")


def test_agent_that_changes_nothing_fails_before_the_review(checkout: Path, programs: Path) -> None:
    install(programs, "codex", "echo I would rather not.")
    run, done = run_example("agent", prompt=PROMPT, checkout=str(checkout), agent="codex")
    assert states(run)["change"] == "failed"
    assert "The agent has changed nothing." in done.stderr


def test_agent_that_prints_its_key_fails_before_the_key_is_committed(
    checkout: Path, programs: Path
) -> None:
    install(programs, "claude", 'cat > prompt; echo "My key is $ANTHROPIC_API_KEY"')
    run, done = run_example(
        "agent", prompt=PROMPT, checkout=str(checkout), agent="claude", api_key=KEY
    )
    assert states(run)["change"] == "failed"
    assert "uses a result or an output in which a secret was masked" in done.stderr
    assert log_of(run, "agent") == "My key is ********\n"
