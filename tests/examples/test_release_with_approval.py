"""The example that releases deploys what was approved; what fails never asks for approval."""

from pathlib import Path
from typing import Any

import pytest

from tests.examples.checkouts import commit, git
from tests.examples.running import approve, finish_by_service, log_of, run_example
from tests.management.conftest import Started
from tests.support.verbs import states
from workflows.models import WorkflowRun, WorkflowTemplate

pytestmark = pytest.mark.django_db(transaction=True)

MAKEFILE = """
build:
\tmkdir -p dist && cp Makefile page dist
test:
\tgrep works page
lint:
\t! grep '\t' page
smoke:
\ttest -e page && ! grep broken page
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a repository with one page, which works."""
    commit(tmp_path / "checkout", "Add a page.", Makefile=MAKEFILE, page="it works\n")
    return tmp_path / "checkout"


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """Return where the page is deployed; the folder is made by the first release."""
    return tmp_path / "target"


def release(checkout: Path, target: Path, **more: Any) -> WorkflowRun:
    """Begin a release; return the run, which waits for the approval."""
    run, done = run_example("release", checkout=str(checkout), target=str(target), **more)
    assert done.returncode == 2, done.stderr
    assert "`deploy` waits for approval" in done.stderr
    return run


def test_approved_release_is_deployed_as_it_was_tested(
    checkout: Path, target: Path, started: Started
) -> None:
    run = release(checkout, target)
    assert not target.exists()
    assert WorkflowTemplate.objects.get().approver_must_differ
    commit(checkout, "Break it.", page="broken, and never tested\n")
    approve(run, "deploy")
    assert finish_by_service(run, started) == "success"
    assert (target / "current" / "page").read_text() == "it works\n"


def test_failing_test_is_never_up_for_approval(checkout: Path, target: Path) -> None:
    commit(checkout, "Add a mistake.", page="it does not\n")
    run, done = run_example("release", checkout=str(checkout), target=str(target))
    assert done.returncode == 1
    assert states(run) | {"test": "failed", "deploy": "pending"} == states(run)
    assert "and 2 tasks wait for it" in done.stderr
    assert "grep works page" in done.stderr


def test_broken_release_says_how_to_go_back(checkout: Path, target: Path, started: Started) -> None:
    before = Path("releases", f"run-1_{git(checkout, 'rev-parse', 'HEAD')}")
    (target / before).mkdir(parents=True)
    (target / "current").symlink_to(before)
    commit(checkout, "Rewrite the page.", page="it works, or is it broken?\n")
    run = release(checkout, target)
    notes = log_of(run, "notes").splitlines()
    assert notes[1] == f"In use: {before}"
    assert [line.partition(" ")[2] for line in notes[3:]] == ["Rewrite the page."]
    approve(run, "deploy")
    assert finish_by_service(run, started) == "failed"
    assert states(run)["smoke"] == "failed"
    assert (target / "current").readlink() != before
    *_, replaced, hint = log_of(run, "smoke").splitlines()
    assert replaced == f"The release does not work. It replaced: {before}."
    assert hint == f"To go back: ln -sfn '{before}' '{target}/current'"


def test_unknown_revision_is_named(checkout: Path, target: Path) -> None:
    run, done = run_example("release", checkout=str(checkout), target=str(target), revision="--v9")
    assert states(run)["source"] == "failed"
    assert "fatal: Needed a single revision" in done.stderr
