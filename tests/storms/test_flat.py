"""An executor needs as much memory and as many descriptors after many attempts as after a few."""

import os
from pathlib import Path

import psutil
import pytest

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all
from workflows.execution.executor import Executor
from workflows.models import WorkflowRun

pytestmark = [pytest.mark.slow, pytest.mark.timeout(3600)]

ATTEMPTS = int(os.environ.get("STORM_ATTEMPTS", "1000"))
IN_A_RUN = 500
WARM_UP = 2
"""So many runs fill caches and pools; what grows afterwards is lost."""
MOST_GROWTH = 3_000_000


def test_executor_is_flat_over_many_attempts(runs: DrawRun) -> None:
    ids = [_dispatched_run(runs) for _ in range(WARM_UP + ATTEMPTS // IN_A_RUN)]
    executor = Executor(concurrency=4, by=who("local runner"))
    used: list[list[tuple[int, int]]] = []

    def should_continue() -> bool:
        while len(used) < len(ids) and _has_ended(ids[len(used)]):
            used.append(_usage())
        return len(used) < len(ids)

    executor.serve(should_continue)
    before, after = used[WARM_UP - 1], used[-1]
    assert [descriptors for _, descriptors in before] == [descriptors for _, descriptors in after]
    growth = [late[0] - early[0] for early, late in zip(before, after, strict=True)]
    assert max(growth) < MOST_GROWTH


def _dispatched_run(runs: DrawRun) -> int:
    run = runs(", ".join(f"s{n}" for n in range(IN_A_RUN)), payload={"python": "noop"})
    dispatch_all(run)
    return run.pk


def _has_ended(run_id: int) -> bool:
    return WorkflowRun.objects.filter(pk=run_id, state="success").exists()


def _usage() -> list[tuple[int, int]]:
    """Return memory and descriptors of the executor, its fork server and its slots."""
    processes = [psutil.Process(), *psutil.Process().children(recursive=True)]
    # Of one that has ended, and not been waited for yet, nothing is left but its number.
    alive = [p for p in processes if p.status() != psutil.STATUS_ZOMBIE]
    return [(p.memory_info().rss, len(list(Path(f"/proc/{p.pid}/fd").iterdir()))) for p in alive]
