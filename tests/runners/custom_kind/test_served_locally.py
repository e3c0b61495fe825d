"""Local executors serve each kind that says so, beside kind `local`."""

import pytest
from pytest_django import Settings

from runners.local import LocalBackend
from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, states
from workflows.execution.executor import Executor


class NearBackend(LocalBackend):
    """Another kind that is executed on this machine."""


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("of_one_run", [True, False])
def test_local_executor_executes_attempts_of_all_kinds_it_serves(
    runs: DrawRun, settings: Settings, of_one_run: bool
) -> None:
    near = f"{__name__}.{NearBackend.__name__}"
    settings.RUNNER_BACKENDS = {**settings.RUNNER_BACKENDS, "near": near}
    Runner.objects.create(name="near", kind="near", is_default=True)
    run = runs("a > c, b", payload={"python": "noop"}, auto_dispatch=True)
    dispatch_all(run)

    executor = Executor(
        concurrency=1, by=who("local runner"), run_id=run.pk if of_one_run else None
    )
    executor.serve(lambda: set(states(run).values()) != {"success"})

    assert states(run) == {"a": "success", "c": "success", "b": "success"}
