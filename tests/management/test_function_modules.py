"""Modules with functions: one that cannot be imported stops the start; a changed one is noticed."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.factories import TemplateFactory
from tests.management.conftest import Started, manage, wait_for
from tests.support.database import environment
from tests.support.drawing import DrawRun
from tests.support.redefined import give_payloads
from tests.support.verbs import attempt, dispatch_all, states
from workflows.models import WorkflowRun

ROOT = Path(__file__).parents[2]
FUNCTION = """
from runners.functions import task_function

@task_function("shop.answer")
def answer() -> str:
    return "{}"
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the file of a module that is named in a settings module beside it."""
    settings = """
        from tests.settings import *
        TASK_FUNCTION_MODULES = [*TASK_FUNCTION_MODULES, "shop.steps"]
    """
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "settings.py").write_text(settings.replace("    ", ""))
    steps = tmp_path / "shop" / "steps.py"
    steps.write_text(FUNCTION.format("old"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
    return steps


BROKEN = {
    "import nowhere": "ModuleNotFoundError: No module named 'nowhere' ({}, line 1)",
    "x = 1\n1 / 0": "ZeroDivisionError: division by zero ({}, line 2)",
    "def": "SyntaxError: ",
    "import sys\nsys.exit(3)": "SystemExit: 3 ({}, line 2)",
}


@pytest.mark.parametrize("code", BROKEN)
@pytest.mark.django_db(transaction=True)
def test_module_that_cannot_be_imported_is_one_line_and_leaves_no_run(
    shop: Path, code: str
) -> None:
    TemplateFactory.create(name="nightly", drawing="a", payload={"python": "noop"})
    shop.write_text(code)
    for command in (["run_workflow", "nightly"], ["local_runner"], ["tick"], ["dispatch_ready"]):
        done = manage(*command)
        assert (done.returncode, done.stdout) == (1, "")
        [line] = done.stderr.splitlines()
        start = (
            "CommandError: Wrong setting: TASK_FUNCTION_MODULES: shop.steps cannot be imported: "
        )
        assert line.startswith(start + BROKEN[code].format(shop))
        assert line.endswith("A module must lie in the checkout or on PYTHONPATH.")
    assert not WorkflowRun.objects.exists()


@pytest.mark.parametrize(
    "program",
    [
        ["-c", "import orchestrator.wsgi"],
        ["-m", "celery", "-A", "orchestrator.celery", "worker"],
        ["manage.py", "check"],
    ],
)
@pytest.mark.django_db(transaction=True)
def test_site_worker_and_check_name_the_module(shop: Path, program: list[str]) -> None:
    shop.unlink()
    done = subprocess.run(
        [sys.executable, *program],
        env=environment(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode != 0
    assert "shop.steps cannot be imported: ModuleNotFoundError" in done.stderr
    assert "Traceback" not in done.stderr


def run_of(runs: DrawRun) -> WorkflowRun:
    run = runs("a", auto_dispatch=True)
    give_payloads(run, {"a": {"python": "shop.answer"}})
    dispatch_all(run)
    return run


def answer_in(runs: DrawRun) -> object:
    run = run_of(runs)
    wait_for(lambda: states(run) == {"a": "success"})
    return attempt(run, "a").result


def test_executor_says_once_that_a_file_has_changed(
    shop: Path, started: Started, runs: DrawRun
) -> None:
    runner = started("local_runner")
    assert answer_in(runs) == "old"
    shop.write_text(FUNCTION.format("new, and longer"))
    assert runner.stdout
    line = next(line for line in runner.stdout if "has changed" in line)
    assert str(shop) in line
    assert "Restart the executor" in line
    assert answer_in(runs) == "old"
    runner.terminate()
    assert "has changed" not in runner.stdout.read()


def test_with_reload_it_goes_on_with_the_new_code(
    shop: Path, started: Started, runs: DrawRun
) -> None:
    runner = started("local_runner", "--reload")
    assert answer_in(runs) == "old"
    shop.write_text(FUNCTION.format("new, and longer"))
    assert runner.stdout
    assert "Executing" in next(runner.stdout)
    assert next(line for line in runner.stdout if f"{shop} has changed: this executor re" in line)
    assert next(line for line in runner.stdout if "Executing" in line)
    assert answer_in(runs) == "new, and longer"
    assert runner.poll() is None
