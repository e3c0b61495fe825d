"""The module `workflow_tasks` of an installed app: its functions are found without a setting."""

from pathlib import Path

import pytest
from pytest_django import Settings

from runners import functions
from runners.functions import FOUND, UnusableModule, known_functions, load_functions
from tests.factories import TemplateFactory
from tests.management.conftest import Started, manage
from tests.management.test_function_modules import BROKEN, FUNCTION, answer_in
from tests.support.drawing import DrawRun
from workflows.models import TaskAttempt, TemplateStep, WorkflowRun


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the `workflow_tasks` of an app that a settings module beside it installs."""
    settings = 'from tests.settings import *\nINSTALLED_APPS = [*INSTALLED_APPS, "shop"]\n'
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "settings.py").write_text(settings)
    module = tmp_path / "shop" / "workflow_tasks.py"
    module.write_text(FUNCTION.format("old"))
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "shop.settings")
    return module


@pytest.mark.django_db(transaction=True)
def test_function_of_an_app_is_executed_without_a_setting(shop: Path) -> None:
    TemplateFactory.create(name="nightly", drawing="a", payload={"python": "noop"})
    TemplateStep.objects.update(payload={"python": "shop.answer"})
    assert manage("run_workflow", "nightly").returncode == 0
    assert TaskAttempt.objects.get().result == "old"


@pytest.mark.parametrize("code", BROKEN)
@pytest.mark.django_db(transaction=True)
def test_app_whose_functions_cannot_be_imported_is_one_line(shop: Path, code: str) -> None:
    TemplateFactory.create(name="nightly", drawing="a", payload={"python": "noop"})
    shop.write_text(code)
    for command in (["run_workflow", "nightly"], ["local_runner"]):
        done = manage(*command)
        assert (done.returncode, done.stdout) == (1, "")
        [line] = done.stderr.splitlines()
        start = "CommandError: shop.workflow_tasks cannot be imported: "
        assert line.startswith(start + BROKEN[code].format(shop))
        assert line.endswith(FOUND[1])
    assert not WorkflowRun.objects.exists()
    checked = manage("check")
    assert checked.returncode != 0
    assert "(orchestrator.E004) shop.workflow_tasks cannot be imported" in checked.stderr


def test_executor_says_that_the_functions_of_an_app_have_changed(
    shop: Path, started: Started, runs: DrawRun
) -> None:
    runner = started("local_runner")
    assert answer_in(runs) == "old"
    shop.write_text(FUNCTION.format("new, and longer"))
    assert runner.stdout
    line = next(line for line in runner.stdout if "has changed" in line)
    assert str(shop) in line


def test_functions_of_a_module_that_broke_are_registered_once_it_is_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: Settings
) -> None:
    monkeypatch.setattr(functions, "_functions", dict(functions._functions))
    module = tmp_path / "mended_steps.py"
    module.write_text(FUNCTION.format("x").replace("shop.answer", "mended") + "\n1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    settings.TASK_FUNCTION_MODULES = ["mended_steps"]
    for _ in range(2):
        with pytest.raises(UnusableModule, match="ZeroDivisionError"):
            load_functions()
    module.write_text(FUNCTION.format("x").replace("shop.answer", "mended"))
    assert "mended" in known_functions()
