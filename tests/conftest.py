"""Fixtures of the whole suite."""

import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from pytest_django import Settings

import tests.support.session  # noqa: F401 (makes the folder that all workers share)
from runners.models import Runner
from tests.factories import RunFactory, RunnerFactory
from tests.support import scripted
from tests.support.drawing import DrawRun
from workflows.models import WorkflowRun


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests that need PostgreSQL on other databases, and say so."""
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: row locks, several processes")


@pytest.hookimpl(trylast=True)  # after they have been shuffled
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Keep the tests of a folder together: a browser or a site that they share is started once.

    Folders with tests that may take minutes come first, so that no worker ends alone with one.
    """
    first: dict[Path, int] = {}
    for number, item in enumerate(items):
        first.setdefault(item.path.parent, number)
    long = {item.path.parent for item in items if item.get_closest_marker("timeout")}
    items.sort(key=lambda item: (item.path.parent not in long, first[item.path.parent]))


def pytest_collection_finish() -> None:
    """Look for garbage less often, and not among the modules: pages make objects by the million."""
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture
def runs(db: None) -> DrawRun:
    """
    Make runs from drawings: `runs("a > b > d, a > c > d")`.

    The tasks are listed in the order of their first appearance.
    """

    def draw(
        drawing: str,
        *,
        parameters: dict[str, Any] | None = None,
        auto_dispatch: bool = False,
        **common: Any,
    ) -> WorkflowRun:
        return RunFactory.create(
            template__drawing=drawing,
            parameters=parameters,
            auto_dispatch=auto_dispatch,
            **{f"template__{name}": value for name, value in common.items()},
        )

    return draw


@pytest.fixture
def script(db: None, settings: Settings) -> Iterator[scripted.Script]:
    """
    Make a scripted runner, named `scripted`, the default one; return its script.

    It is called like any runner outside of this process, accepts everything unless set to
    refuse, and remembers what was submitted to it.
    """
    settings.RUNNER_BACKENDS = {**settings.RUNNER_BACKENDS, scripted.KIND: scripted.BACKEND}
    scripted.ScriptedBackend.script = scripted.Script()
    RunnerFactory.create(name="scripted", kind=scripted.KIND, is_default=True)
    yield scripted.ScriptedBackend.script
    scripted.ScriptedBackend.script = scripted.Script()


@pytest.fixture
def local(db: None) -> Runner:
    """Return the local runner that every installation begins with."""
    return Runner.objects.get(name="local")
