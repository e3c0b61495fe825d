"""A runner that is the default, or that tasks have used, is not deleted."""

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext

from runners.models import Runner
from tests.factories import RunnerFactory, TaskFactory, TemplateFactory
from tests.support.drawing import DrawRun
from tests.support.rivals import rival_before
from tests.support.verbs import attempt, dispatch, states, walk
from workflows import operations
from workflows.errors import InUse, NotFound, RunSetAside
from workflows.models import Task, TemplateStep
from workflows.operations.runners import delete_runners

pytestmark = pytest.mark.django_db


def assert_kept(runner: Runner, why: str) -> None:
    with pytest.raises(InUse) as refused:
        operations.delete_runner(runner.pk)
    assert refused.value.detail == why
    assert Runner.objects.filter(pk=runner.pk).exists()


def test_unused_runner_is_deleted(local: Runner) -> None:
    spare = RunnerFactory.create(name="spare")

    operations.delete_runner(spare.pk)

    assert list(Runner.objects.all()) == [local]
    with pytest.raises(NotFound, match=f"runner {spare.pk} not found"):
        operations.delete_runner(spare.pk)


def test_default_runner_is_kept_although_nothing_has_used_it(local: Runner) -> None:
    why = "which steps and tasks without a runner use: make another one the default first"
    assert_kept(local, f"runner 'local' is the default, {why}")

    RunnerFactory.create(name="other", is_default=True)
    operations.delete_runner(local.pk)

    assert Runner.objects.get().name == "other"


def test_runner_of_past_attempts_is_kept_after_it_was_the_default(
    local: Runner, runs: DrawRun
) -> None:
    walk(runs("a"), "a")
    used = "tasks have used runner 'local', and their history names it"
    assert_kept(local, f"{used}: make another runner the default, then disable this one")

    RunnerFactory.create(name="other", is_default=True)

    assert_kept(Runner.objects.get(pk=local.pk), f"{used}: disable it instead")


def test_runner_of_a_task_that_was_never_dispatched_is_kept() -> None:
    gpu = RunnerFactory.create(name="gpu")
    TaskFactory.create(runner=gpu)
    assert_kept(gpu, "tasks have used runner 'gpu', and their history names it: disable it instead")


def test_runner_that_steps_name_is_kept_until_they_do_not() -> None:
    gpu = RunnerFactory.create(name="gpu")
    for name in ("nightly", "weekly"):
        TemplateFactory.create(name=name, drawing="a, b", runner="gpu")

    with pytest.raises(InUse) as refused:
        operations.delete_runner(gpu.pk)

    why = "steps of 'nightly' and 'weekly' name runner 'gpu': give them another runner first"
    assert refused.value.detail == why
    TemplateStep.objects.update(runner=None)
    operations.delete_runner(gpu.pk)
    assert not Runner.objects.filter(name="gpu").exists()


def test_of_several_runners_none_is_deleted_if_one_is_kept(local: Runner) -> None:
    spare = RunnerFactory.create(name="spare")
    gpu = RunnerFactory.create(name="gpu")
    TaskFactory.create(runner=gpu)

    with pytest.raises(InUse) as refused:
        delete_runners([local.pk, spare.pk, gpu.pk])

    assert "'local'" in refused.value.detail
    assert "'gpu'" in refused.value.detail
    assert Runner.objects.count() == 3


def test_statements_do_not_grow_with_the_number_of_runners() -> None:
    costs = []
    for n in (1, 9):
        spares = [RunnerFactory.create().pk for _ in range(n)]
        with CaptureQueriesContext(connection) as statements:
            assert delete_runners(spares) == n
        costs.append(len(statements))
    assert costs[0] == costs[1]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_task_that_is_created_before_the_lock_keeps_its_runner() -> None:
    gpu = RunnerFactory.create(name="gpu")

    with (
        rival_before("FOR UPDATE", lambda: TaskFactory.create(runner=gpu)) as made,
        pytest.raises(InUse),
    ):
        operations.delete_runner(gpu.pk)

    assert made.result().runner == gpu  # type: ignore[attr-defined]
    assert Runner.objects.filter(pk=gpu.pk).exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_task_that_is_created_after_the_lock_finds_the_runner_gone() -> None:
    gpu = RunnerFactory.create(name="gpu")

    with rival_before("DELETE", lambda: TaskFactory.create(runner=gpu)) as made:
        operations.delete_runner(gpu.pk)

    assert isinstance(made.exception(), IntegrityError)
    assert not Task.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_runner_that_becomes_the_default_before_the_lock_is_kept() -> None:
    gpu = RunnerFactory.create(name="gpu")

    def make_default() -> None:
        gpu.is_default = True
        gpu.save()

    with rival_before("FOR UPDATE", make_default), pytest.raises(InUse):
        operations.delete_runner(gpu.pk)

    assert Runner.objects.get(is_default=True) == gpu


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_dispatch_to_a_runner_that_is_deleted_meanwhile_goes_to_the_new_default(
    runs: DrawRun,
) -> None:
    gpu, run = RunnerFactory.create(name="gpu", is_default=True), runs("a")

    def replace() -> None:
        RunnerFactory.create(name="other", is_default=True)
        operations.delete_runner(gpu.pk)

    with (
        rival_before("INSERT INTO workflows_taskattempt", replace) as replaced,
        pytest.raises(RunSetAside),
    ):
        dispatch(run)

    assert replaced.result() is None
    assert states(run) == {"a": "pending"}
    dispatch(run)
    run.refresh_from_db()
    assert (attempt(run, "a").runner_name, run.set_aside) == ("other", "")
