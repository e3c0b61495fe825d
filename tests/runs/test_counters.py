"""The counters of a run and of its tasks always equal what counting the rows gives."""

import random
from collections import Counter
from contextlib import suppress

import pytest
from django.db.models import Count, F, Q

from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch
from workflows import operations
from workflows.errors import WorkflowError
from workflows.models import Event, Task, TaskAttempt, TaskState, WorkflowRun
from workflows.reports.apply import apply_reports
from workflows.reports.report import Report

pytestmark = pytest.mark.slow

STEPS = 14
MOVES = 60


def drawing(chance: random.Random) -> str:
    """Draw a random DAG: every step depends on some of those before it."""
    names = [f"s{i}" for i in range(STEPS)]
    edges = [
        f"{names[chance.randrange(i)]} > {names[i]}" for i in range(1, STEPS) for _ in range(2)
    ]
    return ", ".join([*names, *edges])


def check_counters(run: WorkflowRun) -> None:
    """Compare the counters with what counting the rows gives."""
    run.refresh_from_db()
    states = Counter(Task.objects.filter(run=run).values_list("state", flat=True))
    assert {state: n for state, n in run.task_counts.items() if n} == states
    unmet = Count("dependencies", filter=~Q(dependencies__depends_on__state=TaskState.SUCCESS))
    wrong = Task.objects.filter(run=run).annotate(counted=unmet).exclude(unmet_count=F("counted"))
    assert not wrong
    assert all(task.attempt_count == task.attempts.count() for task in run.tasks.all())
    open_attempts = TaskAttempt.objects.open().filter(task__run=run)
    active = Task.objects.filter(run=run, state__in=[TaskState.DISPATCHED, TaskState.RUNNING])
    assert {attempt.task_id for attempt in open_attempts} == {task.pk for task in active}


def check_trail(run: WorkflowRun) -> None:
    """Replay the trail from the beginning: it leads every task to its present state."""
    leads_to = {
        "task.created": "pending",
        "task.dispatched": "dispatched",
        "task.submit_failed": "pending",
        "task.running": "running",
        "task.succeeded": "success",
        "task.marked_success": "success",
        "task.failed": "failed",
        "task.canceled": "canceled",
        "task.retried": "pending",
    }
    played: dict[int | None, str] = {}
    for event in Event.objects.filter(run=run, event_type__in=leads_to).order_by("id"):
        played[event.task_id] = leads_to[event.event_type]
    assert played == dict(Task.objects.filter(run=run).values_list("pk", "state"))


class Walk:
    """Random operations on a run, sensible ones and others."""

    def __init__(self, run: WorkflowRun, script: Script, chance: random.Random) -> None:
        """Begin a walk."""
        self._run, self._script, self._chance = run, script, chance
        self._operations = [
            self._dispatch,
            self._dispatch,
            self._report,
            self._report,
            self._report,
            lambda: operations.cancel(self._task(), by=who("walk")),
            lambda: operations.retry(self._task(), by=who("walk")),
            lambda: operations.mark_success(self._task(), by=who("walk"), reason="walking"),
            lambda: operations.pause(run.pk, by=who("walk")),
            lambda: operations.resume(run.pk, by=who("walk")),
            lambda: operations.resume(run.pk, by=who("walk")),
            self._change_refusals,
        ]

    def step(self) -> None:
        """Do one operation; a refusal is fine."""
        with suppress(WorkflowError):
            self._chance.choice(self._operations)()

    def _dispatch(self) -> None:
        limit = self._chance.choice([1, 2, None])
        dispatch(self._run, limit=limit, dry_run=self._chance.random() < 0.1)

    def _report(self) -> None:
        attempts = list(TaskAttempt.objects.filter(task__run=self._run).order_by("pk"))
        some = self._chance.sample(attempts, min(len(attempts), self._chance.randint(1, 4)))
        words = ["running", "success", "success", "success", "failed", "canceled"]
        reports = [Report(attempt.pk, self._chance.choice(words)) for attempt in some]
        apply_reports(self._run.pk, reports, by=who("walk"))

    def _task(self) -> int:
        return self._chance.choice(list(Task.objects.filter(run=self._run).order_by("pk"))).pk

    def _change_refusals(self) -> None:
        self._script.refusals.clear()
        for title in self._chance.sample([f"s{i}" for i in range(STEPS)], 3):
            self._script.refuse(title)


@pytest.mark.parametrize("auto_dispatch", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_counters_and_trail_stay_right_during_random_operations(
    runs: DrawRun, script: Script, seed: int, auto_dispatch: bool
) -> None:
    chance = random.Random(seed)  # noqa: S311 (a walk that can be repeated)
    run = runs(drawing(chance), auto_dispatch=auto_dispatch)
    walk = Walk(run, script, chance)
    for _ in range(MOVES):
        walk.step()
        check_counters(run)
    check_trail(run)
