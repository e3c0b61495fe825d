"""At most one runner is the default one; making another the default releases it."""

import pytest

from runners.models import Runner
from tests.factories import RunnerFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch

pytestmark = pytest.mark.django_db


def defaults() -> list[str]:
    return list(Runner.objects.filter(is_default=True).values_list("name", flat=True))


def test_an_installation_begins_with_the_local_runner() -> None:
    assert defaults() == ["local"]
    assert Runner.objects.get().kind == "local"


def test_a_new_default_takes_over() -> None:
    RunnerFactory.create(name="other", is_default=True)
    assert defaults() == ["other"]


def test_an_old_runner_can_become_the_default_and_stay_it() -> None:
    other = RunnerFactory.create(name="other")
    assert defaults() == ["local"]
    other.is_default = True
    other.save()
    other.save()
    assert defaults() == ["other"]


def test_there_may_be_no_default(local: Runner) -> None:
    local.is_default = False
    local.save()
    assert defaults() == []


def test_a_step_without_a_runner_goes_to_whoever_is_the_default_then(runs: DrawRun) -> None:
    run = runs("a")
    other = RunnerFactory.create(name="other", is_default=True)
    dispatch(run)
    assert attempt(run, "a").runner == other


def test_a_form_may_make_another_runner_the_default() -> None:
    Runner(name="other", is_default=True).full_clean()
