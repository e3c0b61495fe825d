"""At most one runner is the default: saving another default replaces it."""

import pytest

from runners.models import Runner
from tests.factories import RunnerFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch

pytestmark = pytest.mark.django_db


def defaults() -> list[str]:
    return list(Runner.objects.filter(is_default=True).values_list("name", flat=True))


def test_installation_has_local_runner_as_default() -> None:
    assert defaults() == ["local"]
    assert Runner.objects.get().kind == "local"


def test_saving_a_default_runner_replaces_the_old_default() -> None:
    RunnerFactory.create(name="other", is_default=True)
    assert defaults() == ["other"]


def test_existing_runner_becomes_default_and_stays_default() -> None:
    other = RunnerFactory.create(name="other")
    assert defaults() == ["local"]
    other.is_default = True
    other.save()
    other.save()
    assert defaults() == ["other"]


def test_default_runner_can_be_unset(local: Runner) -> None:
    local.is_default = False
    local.save()
    assert defaults() == []


def test_step_without_runner_uses_the_default_at_dispatch(runs: DrawRun) -> None:
    run = runs("a")
    other = RunnerFactory.create(name="other", is_default=True)
    dispatch(run)
    assert attempt(run, "a").runner == other


def test_second_default_runner_passes_validation() -> None:
    Runner(name="other", is_default=True).full_clean()
