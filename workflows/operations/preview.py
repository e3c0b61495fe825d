"""
Previews: what else would happen if an operation were carried out on some rows; nothing is written.

Pass only rows for which its check returns None: a refused operation has no effects.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import F

from workflows.models import (
    Approval,
    Task,
    TaskAttempt,
    TaskState,
    WorkflowRun,
)
from workflows.models.task import ACTIVE, ENDED
from workflows.operations.paths import following, passed_gates, reached, read_passed_gates
from workflows.runs.approval_requests import asking_again

KEPT = "run {} keeps version {}; the template is at {}. To use that, run it again"
MOST_RUNS = 20
"""Nothing is previewed for more runs at once: the pending tasks of each would have to be read."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What would happen to how many other tasks, and to which ones where these were read."""

    count: int
    one: str
    many: str
    tasks: tuple[Task, ...] = ()

    @property
    def sentence(self) -> str:
        """Return `1 task becomes ready at once`, `3 tasks become ready at once`."""
        return f"1 task {self.one}" if self.count == 1 else f"{self.count:,} tasks {self.many}"


@dataclass(frozen=True, slots=True)
class Kept(Effect):
    """What does not change, though somebody may expect it to."""

    text: str = ""

    @property
    def sentence(self) -> str:
        """Return the text."""
        return self.text


class PendingTasks:
    """The pending tasks of some runs, their dependencies, and what keeps them blocked."""

    def __init__(self, run_ids: Iterable[int | None]) -> None:
        """Read them, in three statements."""
        self._runs = runs = {run_id for run_id in run_ids if run_id}
        pending = Task.objects.filter(run__in=runs, state=TaskState.PENDING)
        columns = ("run_id", "step_id", "title", "state", "position", "unmet_count")
        rows = pending.order_by("run_id", "position").only(*columns)
        self.tasks = {task.pk: task for task in rows}
        self.following = following(runs, task__state=TaskState.PENDING)
        causes = Task.objects.root_causes().filter(run__in=runs).order_by()
        self.causes = set(causes.values_list("pk", flat=True))

    @cached_property
    def may_still_run(self) -> set[int]:
        """The failed tasks that were given up; one more statement."""
        given_up = TaskAttempt.objects.given_up().filter(task__run__in=self._runs)
        return set(given_up.values_list("task_id", flat=True))

    def after(self, task_ids: Iterable[int]) -> set[int]:
        """Return the pending tasks that wait for any of these, directly or not."""
        return reached(task_ids, self.following)

    def permanently_blocked(self, but_for: Iterable[int] = ()) -> set[int]:
        """Return the tasks that can never run, if the causes in `but_for` were resolved."""
        return self.after(self.causes.difference(but_for))

    def effect(self, task_ids: Iterable[int], one: str, many: str) -> Iterator[Effect]:
        """Yield what happens to these pending tasks, if there are any."""
        wanted = set(task_ids)
        yield from _effect_on(
            tuple(task for pk, task in self.tasks.items() if pk in wanted), one, many
        )


def preview_retry(tasks: Sequence[Task], pending: PendingTasks | None = None) -> list[Effect]:
    """Preview that failed and canceled tasks return to the queue."""
    # Beside suggested actions, whose page has read what is pending, there is no room for this.
    outdated = [] if pending else [*_keeping_version({task.run_id for task in tasks})]
    pending, ids = _read(tasks, pending)
    after, still = pending.after(ids), pending.permanently_blocked(but_for=ids)
    can_run = "can run once that succeeds"
    return [
        *outdated,
        *_may_run_twice(len(ids & pending.may_still_run)),
        *pending.effect(after - still, can_run, can_run),
        *_still_blocked(pending, after & still),
    ]


def preview_retry_failed(runs: Sequence[WorkflowRun]) -> list[Effect]:
    """Preview that the failed tasks of runs return to the queue."""
    if len(runs) > MOST_RUNS:
        return []
    failed = Task.objects.filter(run__in=runs, state=TaskState.FAILED)
    rows = failed.order_by("run_id", "position").only("run_id", "step_id", "title", "state")
    tasks = tuple(rows)
    one, many = "failed and returns to the queue", "failed and return to the queue"
    return [*_effect_on(tasks, one, many), *preview_retry(tasks)]


def preview_mark_success(
    tasks: Sequence[Task], pending: PendingTasks | None = None
) -> list[Effect]:
    """Preview that failed and canceled tasks count as done."""
    pending, ids = _read(tasks, pending)
    met = Counter(pk for cause in ids for pk in pending.following.get(cause, ()))
    ready = {pk for pk, n in met.items() if pending.tasks[pk].unmet_count == n}
    after, still = pending.after(ids), pending.permanently_blocked(but_for=ids)
    return [
        *_decided_by_it(tasks),
        *pending.effect(ready, "becomes ready at once", "become ready at once"),
        *pending.effect(after - still - ready, "can run after that", "can run after that"),
        *_still_blocked(pending, after & still),
    ]


def preview_cancel(tasks: Sequence[Task]) -> list[Effect]:
    """Preview that tasks are canceled; tasks that were permanently blocked before do not count."""
    pending, ids = _read(tasks)
    active = tuple(task for task in tasks if task.state in ACTIVE)
    lost = pending.after(ids) - pending.permanently_blocked() - ids
    return [
        *_effect_on(
            active, "is with its runner, and asked to end", "are with a runner, asked to end"
        ),
        *pending.effect(lost, "that waits can never run then", "that wait can never run then"),
    ]


def preview_declare_lost(tasks: Sequence[Task]) -> list[Effect]:
    """Preview that attempts are given up; whoever executes them is not told."""
    pending, ids = _read(tasks)
    lost = pending.after(ids) - pending.permanently_blocked() - ids
    return [
        *_effect_on(
            tuple(tasks), "may go on running where it is", "may go on running where they are"
        ),
        *pending.effect(lost, "that waits can never run then", "that wait can never run then"),
    ]


def preview_hold(tasks: Sequence[Task]) -> list[Effect]:
    """Preview that pending tasks are held back."""
    pending, ids = _read(tasks)
    kept = pending.after(ids) - pending.permanently_blocked() - ids
    return [*pending.effect(kept, "waits until then, too", "wait until then, too")]


def preview_release(tasks: Sequence[Task]) -> list[Effect]:
    """Preview that pending tasks wait for one thing less: a release, or an approval."""
    free = tuple(task for task in tasks if task.unmet_count == 1)
    return [*_effect_on(free, "becomes ready at once", "become ready at once")]


def preview_approve(approvals: Sequence[Approval]) -> list[Effect]:
    """Preview that tasks are approved."""
    return preview_release([approval.task for approval in approvals])


def preview_reject(approvals: Sequence[Approval]) -> list[Effect]:
    """Preview that tasks are canceled by a decision against them."""
    return preview_cancel([approval.task for approval in approvals])


def preview_retry_downstream(tasks: Sequence[Task]) -> list[Effect]:
    """Preview that ended tasks return to the queue, with all that ended after them."""
    runs = {task.run_id for task in tasks if task.run_id}
    ids = {task.pk for task in tasks}
    if len(runs) > MOST_RUNS:
        return []
    after = reached(ids, following(runs)) - ids
    found = Task.objects.filter(run__in=runs, state__in=ENDED)
    rows = found.order_by("run_id", "position").only("run_id", "step_id", "title", "state")
    reset = tuple(task for task in rows if task.pk in after)
    one, many = "that ended after it is reset, too", "that ended after it are reset, too"
    given_up = TaskAttempt.objects.given_up().filter(task__run__in=runs)
    twice = ids.union(task.pk for task in reset) & set(given_up.values_list("task_id", flat=True))
    return [
        *_keeping_version(runs),
        *_may_run_twice(len(twice)),
        *_effect_on(reset, one, many),
        *_asking_again(runs, ids | after),
    ]


def preview_pause(runs: Sequence[WorkflowRun]) -> list[Effect]:
    """Preview that runs dispatch nothing more for now."""
    active = sum(run.active_count for run in runs)
    pending = sum(run.pending_count for run in runs)
    return [
        *_count(active, "is active and continues", "are active and continue"),
        *_count(pending, "waits until the run is resumed", "wait until the run is resumed"),
    ]


def preview_abort(runs: Sequence[WorkflowRun]) -> list[Effect]:
    """Preview that runs end permanently."""
    active = sum(run.active_count for run in runs)
    pending = sum(run.pending_count for run in runs)
    return [
        *_count(pending, "has not started and is canceled", "have not started and are canceled"),
        *_count(active, "is active and asked to end", "are active and asked to end"),
    ]


def preview_cancel_rest(
    runs: Sequence[WorkflowRun], pending: PendingTasks | None = None
) -> list[Effect]:
    """Preview that permanently blocked tasks are canceled."""
    if len(runs) > MOST_RUNS:
        return []
    pending = pending or PendingTasks(run.pk for run in runs)
    return [*pending.effect(pending.permanently_blocked(), "is canceled", "are canceled")]


def _read(
    tasks: Sequence[Task], pending: PendingTasks | None = None
) -> tuple[PendingTasks, set[int]]:
    """Return what is pending in the runs of these tasks, and the ids of the tasks."""
    runs = {task.run_id for task in tasks}
    if pending is None:
        pending = PendingTasks(runs if len(runs) <= MOST_RUNS else ())
    return pending, {task.pk for task in tasks}


def _still_blocked(pending: PendingTasks, ids: set[int]) -> Iterator[Effect]:
    return pending.effect(ids, "stays blocked by another", "stay blocked by others")


def _decided_by_it(tasks: Sequence[Task]) -> Iterator[Effect]:
    """Yield which approvals a mark success decides, and which it passes without deciding them."""
    read_passed_gates(tasks)
    gates = {gate.pk: gate for task in tasks for gate in passed_gates(task)}
    own = tuple(gates.pop(task.pk) for task in tasks if task.pk in gates)
    others = tuple(gates.values())
    yield from _effect_on(own, "counts as approved by you", "count as approved by you")
    passed = "before it that nobody has approved no longer {} back what follows"
    yield from _effect_on(others, passed.format("holds"), passed.format("hold"))


def _asking_again(runs: Collection[int], task_ids: Collection[int]) -> Iterator[Effect]:
    gates = asking_again(Task.objects.filter(run__in=runs)).order_by("run_id", "position")
    found = tuple(gate for gate in gates.defer("payload") if gate.pk in task_ids)
    yield from _effect_on(found, "asks for approval again", "ask for approval again")


def _keeping_version(runs: Collection[int | None]) -> Iterator[Effect]:
    """Yield which runs keep a version of their template that is not the latest any more."""
    old = WorkflowRun.objects.filter(
        pk__in=[pk for pk in runs if pk], template_version__lt=F("template__version")
    )
    kept = old.order_by("pk").values_list("pk", "template_version", "template__version")
    for pk, version, latest in kept[:MOST_RUNS]:
        yield Kept(1, "", "", text=KEPT.format(pk, version, latest))


def _may_run_twice(n: int) -> Iterator[Effect]:
    """Yield that so many tasks are retried although their last attempt may still run."""
    return _count(
        n,
        "may still run where it was given up: it may then run twice",
        "may still run where they were given up: they may then run twice",
    )


def _effect_on(tasks: tuple[Task, ...], one: str, many: str) -> Iterator[Effect]:
    if tasks:
        yield Effect(len(tasks), one, many, tasks)


def _count(n: int, one: str, many: str) -> Iterator[Effect]:
    if n:
        yield Effect(n, one, many)
