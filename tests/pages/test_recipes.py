"""docs/recipes.md, as typed, with stand-ins for sudo, systemctl and /etc."""

import os
import re
from pathlib import Path

import pytest

from tests.pages.conftest import Shell
from tests.support.typed import ROOT, blocks, page, section

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
]

PAGE = page("recipes.md")
HEADINGS = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
UNITS = "/etc/systemd/system"
STAND_INS = {"sudo": 'exec "$@"', "systemctl": 'echo "$@" >> systemctl.log'}


@pytest.fixture(scope="module", autouse=True)
def _machine(shell: Shell) -> None:
    """Make a user, the templates that several recipes run, and programs that are not here."""
    (shell.folder / "bin").mkdir()
    for name, line in STAND_INS.items():
        (shell.folder / "bin" / name).write_text(f"#!/bin/sh\n{line}\n")
        (shell.folder / "bin" / name).chmod(0o755)
    shell.environment["PATH"] = f"{shell.folder}/bin:{shell.environment['PATH']}"
    (shell.folder / "docs").symlink_to(ROOT / "docs")
    (shell.folder / "units").mkdir()
    shell.site.manage("createsuperuser", "--noinput", "--username=admin", "--email=a@example.org")
    shell.must(recipe("Every night")[0], *recipe("Files from step to step"))


def recipe(heading: str) -> list[str]:
    """Return the blocks of a recipe."""
    return blocks(section(PAGE, heading))


def test_every_recipe_is_tested() -> None:
    tested = set(re.findall(r'recipe\("(.*?)"\)', Path(__file__).read_text()))

    assert {heading for heading in HEADINGS if recipe(heading)} == tested


def test_line_of_cron_runs_the_workflow_and_is_silent(shell: Shell) -> None:
    [text] = blocks(section(PAGE, "Every night"), "cron")
    [mail_to, line] = text.splitlines()
    *times, user, command = line.split(None, 6)

    said = shell.must(command.replace("/srv/orchestrator", str(shell.folder)))

    assert mail_to == "MAILTO=ops@example.org"
    assert (len(times), user) == (5, "orchestrator")
    assert said == ""
    assert re.search(r"night +success", shell.must("python manage.py runs --limit 1"))


def test_timer_starts_the_workflow_every_night(shell: Shell) -> None:
    _, block = recipe("Every night")
    shell.must(block.replace(UNITS, "units"))

    service = (shell.folder / "units" / "orchestrator-night.service").read_text()
    timer = (shell.folder / "units" / "orchestrator-night.timer").read_text()
    assert "/bin/python manage.py run_workflow -v 0 night\n" in service
    assert "Description=Orchestrator: night, every night" in timer
    assert "enable --now orchestrator-night.timer" in systemctl_calls(shell)


def test_failed_run_is_found_by_asking(shell: Shell) -> None:
    template = "name: broken\nsteps:\n- {step_id: a, title: A, payload: {command: ['false']}}\n"
    (shell.folder / "broken.yaml").write_text(template)
    shell.must("python manage.py import_workflow broken.yaml")
    assert shell.type("python manage.py run_workflow broken").returncode == 1

    said = shell.must(*recipe("Told when it fails"))

    assert re.search(r"^\d+ broken .*`a` failed \(exit code 1\)", said, re.MULTILINE)


def test_one_step_alone_prints_its_log(shell: Shell) -> None:
    said = shell.must(*recipe("One step alone"))

    assert "/etc/passwd" in said


def test_second_run_gives_up_while_the_first_holds_the_lock(shell: Shell) -> None:
    typed = recipe("One run at a time")
    assert shell.must(*typed) == ""

    held = shell.type("exec 9> var/night.lock", "flock 9", *typed)

    assert held.returncode == 75


def test_file_is_handed_from_step_to_step(shell: Shell) -> None:
    said = shell.must(*recipe("Files from step to step"))

    assert "succeeded." in said
    logs = shell.must(*recipe("The logs of all tasks"))
    assert logs.count("1000") == 2


@pytest.mark.skipif("CLIENT" not in os.environ, reason="installs a generator: make prove-client")
def test_generated_client_starts_a_run(shell: Shell) -> None:
    done = shell.type(*recipe("A client from the OpenAPI document"))
    if "No matching distribution" in done.stderr:
        pytest.skip("there is no package index")

    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"^\d+ running ", done.stdout, re.MULTILINE)


def test_two_hundred_items_are_done(shell: Shell) -> None:
    said = shell.must(*recipe("200 items"))

    assert "succeeded." in said
    assert "201/201" in shell.must("python manage.py runs --template items")


def test_old_directories_of_runs_are_removed(shell: Shell) -> None:
    for name in ("old", "new"):
        (shell.folder / "kept" / name).mkdir(parents=True)
    shell.must("touch -d '40 days ago' kept/old")

    shell.must(*recipe("Delete old runs"), RUNS_DIR="kept")

    assert [path.name for path in (shell.folder / "kept").iterdir()] == ["new"]


def test_history_is_exported_by_command_and_api(shell: Shell) -> None:
    shell.must(*recipe("Export the history for an audit"))

    files = [(shell.folder / f"{name}.jsonl").read_text() for name in ("events", "copied", "runs")]
    events, copied, runs = (text.splitlines() for text in files)
    # Whatever runs at this moment goes on writing.
    assert copied[: len(events)] == events
    assert runs


def test_units_that_are_restarted_exist(shell: Shell) -> None:
    shell.must(*recipe("Restart after a change of code"))

    for unit in ("orchestrator-local-runner", "orchestrator-web"):
        assert unit in systemctl_calls(shell)
        assert (ROOT / "docs" / "systemd" / f"{unit}.service").exists()


def systemctl_calls(shell: Shell) -> str:
    """Return what systemctl was told."""
    return (shell.folder / "systemctl.log").read_text()
