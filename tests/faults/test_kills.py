"""A process is killed at any failpoint: what it committed is enough for others to continue."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from runners.models import Runner
from tests.faults.conftest import ROOT, World, expire_all_leases, make_runs
from tests.faults.victims import remove
from tests.retention.conftest import all_findings, rows_left
from tests.support.actors import who
from tests.support.tables import everything
from tests.support.verbs import dispatch, state, states
from workflows import operations
from workflows.db import failpoints
from workflows.dispatch.auto_dispatch import begin_created_runs, offer_free_places
from workflows.models import WorkflowRun
from workflows.runs.creation import create_run, create_task

# a ── c    a, d, e: on the other host
# b ── d    b, c: commands on this machine
# e
DRAWING = "a > c, b > d, e"
ON_HOST = "ade"

PACKAGES = ("orchestrator", "workflows", "runners")

Prepare = Callable[[World, list[WorkflowRun]], None]


def keep_as_created(world: World, runs: list[WorkflowRun]) -> None:
    """Keep the runs as they were created."""


def dispatch_ready_tasks(world: World, runs: list[WorkflowRun]) -> None:
    """Dispatch the ready tasks."""
    for run in runs:
        dispatch(run, limit=None)


def expire_leases(world: World, runs: list[WorkflowRun]) -> None:
    """Dispatch, and let all leases expire."""
    dispatch_ready_tasks(world, runs)
    expire_all_leases()


def kill_before_submission(world: World, runs: list[WorkflowRun]) -> None:
    """Kill a process between the dispatch and the submission first."""
    world.kill("dispatch", "dispatch.committed", runs)
    expire_all_leases()


def kill_executor(world: World, runs: list[WorkflowRun]) -> None:
    """Kill a working executor first."""
    dispatch_ready_tasks(world, runs)
    world.kill("execute", "execution.started", runs)
    expire_all_leases()


def refuse_submissions(world: World, runs: list[WorkflowRun]) -> None:
    """Make the host refuse everything."""
    world.host.on_submit = lambda _: (503, {"detail": "draining"})


# The failpoint, the order that reaches it, how often at least, and what is prepared before.
KILLS: list[tuple[str, str, int, Prepare]] = [
    ("dispatch.created", "dispatch", 2, keep_as_created),
    ("dispatch.committed", "dispatch", 1, keep_as_created),
    ("dispatch.concluded", "dispatch", 1, keep_as_created),
    ("submission.started", "dispatch", 2, keep_as_created),
    ("submission.accepted", "dispatch", 2, keep_as_created),
    ("submission.noted", "dispatch", 2, keep_as_created),
    ("submission.refused", "dispatch", 1, refuse_submissions),
    ("submission.taken_back", "dispatch", 1, refuse_submissions),
    ("run.begun", "perform", 1, keep_as_created),
    ("claim.stored", "execute", 1, dispatch_ready_tasks),
    ("claim.committed", "execute", 1, dispatch_ready_tasks),
    ("execution.started", "execute", 1, dispatch_ready_tasks),
    ("execution.ended", "execute", 1, dispatch_ready_tasks),
    ("report.applied", "execute", 1, dispatch_ready_tasks),
    ("report.committed", "execute", 1, dispatch_ready_tasks),
    ("report.applied", "succeed", 4, dispatch_ready_tasks),
    ("runner_report.applied", "succeed", 4, dispatch_ready_tasks),
    ("cancel.requested", "cancel", 3, dispatch_ready_tasks),
    ("cancel.committed", "cancel", 2, dispatch_ready_tasks),
    ("poll.answered", "cancel", 2, dispatch_ready_tasks),
    ("ask.answered", "ask", 1, dispatch_ready_tasks),
    ("poll.answered", "ask", 1, dispatch_ready_tasks),
    # Recovery itself may be killed as well.
    ("poll.answered", "settle", 2, expire_leases),
    ("submission.started", "settle", 2, kill_before_submission),
    ("submission.accepted", "settle", 2, kill_before_submission),
    ("report.applied", "settle", 1, kill_executor),
]


@pytest.mark.parametrize(("point", "act", "nths", "prepare"), KILLS)
def test_process_killed_at_a_failpoint_loses_nothing(
    world: World, times: int, point: str, act: str, nths: int, prepare: Prepare
) -> None:
    runs = make_runs(world.template(DRAWING, on_host=ON_HOST), times)
    prepare(world, runs)
    world.kill(act, point, runs, nths)
    world.host.on_submit = world.host.take
    world.finish(runs)
    assert {run.state for run in runs} == {"success"}


@pytest.mark.parametrize(
    ("point", "act", "on_host"),
    [
        ("rollup.succeeded", "succeed", "a"),
        ("rollup.succeeded", "execute", ""),
        ("rollup.failed", "fail", "a"),
    ],
)
def test_process_killed_while_a_run_ends_leaves_it_to_be_ended(
    world: World, times: int, point: str, act: str, on_host: str
) -> None:
    runs = make_runs(world.template("a", on_host=on_host), times)
    dispatch_ready_tasks(world, runs)
    world.kill(act, point, runs)
    assert {(state(run), states(run)["a"]) for run in runs} <= {
        ("running", "dispatched"),
        ("running", "running"),
    }
    world.finish(runs)
    assert {run.state for run in runs} == {"success"}


@pytest.mark.parametrize("point", ["expansion.tasks", "run.created"])
def test_process_killed_while_creating_a_run_leaves_no_run(
    world: World, times: int, point: str
) -> None:
    template = world.template(DRAWING, on_host=ON_HOST)
    before = everything()
    world.kill("create", point, [template] * times)
    assert everything() == before
    [run] = make_runs(template, 1)
    world.finish([run])
    assert run.state == "success"


def test_run_whose_creator_was_killed_before_its_dispatch_begins_in_a_later_round(
    world: World, times: int
) -> None:
    world.kill("create", "run.committed", [world.template(DRAWING, on_host=ON_HOST)] * times)
    runs = list(WorkflowRun.objects.order_by("pk"))
    assert [(run.state, run.active_count) for run in runs] == [("created", 0)] * times
    assert begin_created_runs(by=who("survivor")) == times
    for run in runs:
        run.refresh_from_db()
    assert [(run.state, run.active_count) for run in runs] == [("running", 3)] * times
    world.finish(runs)
    assert {run.state for run in runs} == {"success"}


@pytest.mark.parametrize("point", ["submission.started", "submission.accepted"])
def test_run_whose_creator_was_killed_while_it_submitted_in_a_thread_is_recovered(
    world: World, times: int, point: str
) -> None:
    world.kill("begin", point, [world.template(DRAWING, on_host=ON_HOST)] * times, 2)
    runs = list(WorkflowRun.objects.order_by("pk"))
    assert {(run.state, run.active_count) for run in runs} == {("running", 3)}
    world.finish(runs)
    assert {run.state for run in runs} == {"success"}


def test_process_killed_while_adopting_tasks_leaves_them_free(world: World, times: int) -> None:
    tasks = [create_task(title="a", runner="gpu-1", by=who("ada")) for _ in range(times)]
    before = everything()
    world.kill("adopt", "run.created", tasks)
    assert everything() == before
    run = create_run(task_ids=[task.pk for task in tasks], by=who("ada"))
    world.finish([run])
    assert run.state == "success"


@pytest.mark.parametrize(
    ("point", "nths"),
    [
        ("cancel.requested", 1),
        ("cancel.committed", 1),
        ("poll.answered", 2),
        ("report.applied", 2),
    ],
)
def test_process_killed_during_abort_aborts_all_or_nothing(
    world: World, times: int, point: str, nths: int
) -> None:
    runs = make_runs(world.template(DRAWING, on_host=ON_HOST), times)
    dispatch_ready_tasks(world, runs)
    world.kill("abort", point, runs, nths)
    is_none = point == "cancel.requested"
    assert {state(run) for run in runs} == {"running" if is_none else "aborted"}
    if is_none:
        for run in runs:
            operations.abort(run.pk, by=who("ada"))
    world.finish(runs)
    assert {run.state for run in runs} == {"aborted"}
    assert {s for run in runs for s in states(run).values()} == {"canceled"}


def test_free_place_left_by_a_killed_process_is_offered_by_recovery(
    world: World, times: int
) -> None:
    template = world.template("a", on_host="a")
    Runner.objects.filter(name="gpu-1").update(capacity=times)
    full, waiting = make_runs(template, times), make_runs(template, times)
    dispatch_ready_tasks(world, [*full, *waiting])
    assert {states(run)["a"] for run in waiting} == {"pending"}
    world.kill("succeed", "places.freed", full)
    assert {state(run) for run in full} == {"success"}
    assert offer_free_places(by=who("ada")) == times
    assert {states(run)["a"] for run in waiting} == {"dispatched"}
    assert not offer_free_places(by=who("ada"))
    world.finish(waiting)
    assert {run.state for run in waiting} == {"success"}


@pytest.mark.parametrize("point", ["retention.secrets", "retention.logs", "retention.marked"])
def test_removal_that_is_killed_is_gone_on_with(world: World, times: int, point: str) -> None:
    runs = make_runs(world.template("a", on_host="a"), times)
    dispatch_ready_tasks(world, runs)
    world.finish(runs)
    world.kill("remove", point, runs)
    assert all_findings() == []
    for run in runs:
        remove(run.pk)
    assert rows_left() == {}
    assert all_findings() == []


def test_every_failpoint_is_covered_by_these_tests() -> None:
    sources = [path.read_text() for path in (ROOT / "workflows").rglob("*.py")]
    named = re.compile(r'failpoints\.point\("(.+?)"\)')
    points = {name for text in sources for name in named.findall(text)}
    tests = Path(__file__).read_text()
    assert points
    assert not {point for point in points if f'"{point}"' not in tests}


def test_product_never_sets_a_failpoint_trap() -> None:
    places = [path for package in PACKAGES for path in (ROOT / package).rglob("*.py")]
    setters = [path.name for path in places if re.search(r"\btrap\b\s*=", path.read_text())]
    assert setters == []
    assert failpoints.trap is None
