"""Many callers at once, on a database that has row locks."""

import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from functools import partial

import pytest

from runners.models import Runner
from tests.factories import RunnerFactory, TaskFactory
from tests.support.actors import who
from tests.support.database import environment
from tests.support.dispatcher import dispatch_until_empty
from tests.support.drawing import DrawRun
from tests.support.threads import at_once
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, report, states, task, trail
from workflows import operations
from workflows.errors import Conflict, ReportRefused
from workflows.models import Event, Task, TaskAttempt, WorkflowRun
from workflows.runs.creation import create_run

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]

TASKS = 60
FAN = ", ".join(f"s{i}" for i in range(TASKS))


def assert_each_dispatched_once(run: WorkflowRun, sent: list[int]) -> None:
    tasks = sorted(Task.objects.filter(run=run).values_list("pk", flat=True))
    assert sorted(sent) == tasks
    dispatched = Event.objects.filter(run=run, event_type="task.dispatched")
    assert sorted(dispatched.values_list("task_id", flat=True)) == tasks
    assert sorted(TaskAttempt.objects.values_list("task_id", flat=True)) == tasks
    run.refresh_from_db()
    assert run.task_counts["dispatched"] == TASKS


def test_32_threads_dispatch_every_task_once(runs: DrawRun) -> None:
    run = runs(FAN)
    answers = at_once([partial(dispatch_until_empty, run.pk)] * 32)
    assert not [answer for answer in answers if isinstance(answer, Exception)]
    assert_each_dispatched_once(run, [pk for pks in answers for pk in pks])  # type: ignore[union-attr]
    assert trail(run).count("workflow_run.running") == 1


def test_4_processes_of_8_threads_dispatch_every_task_once(runs: DrawRun) -> None:
    run = runs(FAN)
    command = [sys.executable, "-m", "tests.support.dispatcher", str(run.pk), "8"]
    processes = [
        subprocess.Popen(
            command,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        for process in processes:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
        outputs = [process.communicate("go\n", timeout=60) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.wait()
    assert [errors for _, errors in outputs] == [""] * 4
    assert_each_dispatched_once(run, [int(pk) for output, _ in outputs for pk in output.split()])


def test_result_reported_by_many_at_once_is_accepted_once(runs: DrawRun) -> None:
    run = runs("a > b", auto_dispatch=True)
    dispatch(run)
    made = attempt(run, "a")
    answers = at_once([partial(report, made, "success")] * 16)
    assert answers == [None] * 16
    assert Counter(trail(run)) == Counter(
        ["workflow_run.running", "task.dispatched a", "task.succeeded a", "task.dispatched b"]
    )


def test_one_of_two_contradicting_reports_is_refused(runs: DrawRun) -> None:
    run = runs("a")
    dispatch(run)
    made = attempt(run, "a")
    answers = at_once([partial(report, made, status) for status in ("success", "failed")])
    assert {type(answer) for answer in answers} == {type(None), ReportRefused}
    ends = [line for line in trail(run) if line in {"task.succeeded a", "task.failed a"}]
    assert len(ends) == 1
    assert trail(run).count("task.report_refused a") == 1


def test_join_is_ready_after_all_its_arms_end_at_once(runs: DrawRun) -> None:
    arms = [f"arm{i}" for i in range(12)]
    run = runs(", ".join(f"{arm} > join" for arm in arms))
    dispatch_all(run)
    made = [attempt(run, arm) for arm in arms]
    assert at_once([partial(report, one, "success") for one in made]) == [None] * 12
    assert task(run, "join").unmet_count == 0
    run.refresh_from_db()
    assert run.task_counts["success"] == 12


def test_task_claimed_by_many_new_runs_is_in_one_of_them(db: None) -> None:
    wanted = [task.pk for task in TaskFactory.create_batch(3)]
    orders = [wanted, wanted[::-1]] * 4
    answers = at_once([partial(create_run, task_ids=ids, by=who("test")) for ids in orders])
    made = [answer for answer in answers if isinstance(answer, WorkflowRun)]
    assert len(made) == 1
    assert {type(answer) for answer in answers if answer not in made} == {Conflict}
    assert set(Task.objects.values_list("run_id", flat=True)) == {made[0].pk}
    assert WorkflowRun.objects.count() == 1


def test_one_of_many_new_default_runners_is_the_default(db: None) -> None:
    runners = RunnerFactory.create_batch(8)

    def make_default(runner: Runner) -> None:
        runner.is_default = True
        runner.save()

    assert at_once([partial(make_default, runner) for runner in runners]) == [None] * 8
    assert Runner.objects.filter(is_default=True).count() == 1


def test_cancel_and_dispatch_at_once_leave_task_canceled(runs: DrawRun) -> None:
    for _ in range(5):
        run = runs("a")
        cancel = partial(operations.cancel, task(run, "a").pk, by=who("ada"))
        calls: list[Callable[[], object]] = [cancel, partial(dispatch, run)]
        assert not [answer for answer in at_once(calls) if isinstance(answer, Exception)]
        assert states(run) == {"a": "canceled"}


def test_abort_and_reports_at_once_leave_no_task_dispatched(runs: DrawRun) -> None:
    run = runs("a > d, b > d, c > d", auto_dispatch=True)
    dispatch_all(run)
    calls: list[Callable[[], object]] = [partial(finish, run, step_id) for step_id in "abc"]
    calls.append(partial(operations.abort, run.pk, by=who("ada")))
    refused = [answer for answer in at_once(calls) if isinstance(answer, Exception)]
    assert all(isinstance(answer, ReportRefused) for answer in refused)
    run.refresh_from_db()
    assert run.state == "aborted"
    assert "dispatched" not in states(run).values()
