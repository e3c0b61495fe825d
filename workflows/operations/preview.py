"""What an operation would bring about besides what it is done to; nothing is written here."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from workflows.models import Approval, Task, TaskDependency, TaskState, WorkflowRun
from workflows.models.task import ACTIVE, BROKEN, ENDED

MOST_RUNS = 20
"""Of how many runs at once the effects are foreseen: what is pending in each of them is read."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What would happen to how many tasks, and to which, if these are known."""

    count: int
    one: str
    many: str
    tasks: tuple[Task, ...] = ()

    @property
    def sentence(self) -> str:
        """Return `1 task becomes ready at once`, `3 tasks become ready at once`."""
        return f"1 task {self.one}" if self.count == 1 else f"{self.count:,} tasks {self.many}"


class Waiting:
    """What is pending in some runs, what waits for what, and what ended badly before it."""

    def __init__(self, run_ids: Iterable[int | None]) -> None:
        """Read it, in three statements."""
        runs = {run_id for run_id in run_ids if run_id}
        pending = Task.objects.filter(run__in=runs, state=TaskState.PENDING)
        columns = ("run_id", "step_id", "title", "state", "position", "unmet_count")
        rows = pending.order_by("run_id", "position").only(*columns)
        self.tasks = {task.pk: task for task in rows}
        self.following = _following(runs, task__state=TaskState.PENDING)
        causes = Task.objects.root_causes().filter(run__in=runs).order_by()
        self.causes = set(causes.values_list("pk", flat=True))

    def after(self, task_ids: Iterable[int]) -> set[int]:
        """Return the pending tasks that wait for any of these, directly or not."""
        return reached(task_ids, self.following)

    def permanently_blocked(self, but_for: Iterable[int] = ()) -> set[int]:
        """Return what can never run as things are, or would be if some causes were mended."""
        return self.after(self.causes.difference(but_for))

    def effect(self, task_ids: Iterable[int], one: str, many: str) -> Iterator[Effect]:
        """Yield what happens to these pending tasks, if there are any."""
        wanted = set(task_ids)
        tasks = tuple(task for pk, task in self.tasks.items() if pk in wanted)
        if tasks:
            yield Effect(len(tasks), one, many, tasks)


def of_retry(tasks: Sequence[Task]) -> list[Effect]:
    """Foresee that broken tasks return to the queue."""
    return [*_retried(*_read(tasks))]


def of_mark_success(tasks: Sequence[Task]) -> list[Effect]:
    """Foresee that broken tasks count as done."""
    return [*_marked(*_read(tasks))]


def of_cancel(tasks: Sequence[Task]) -> list[Effect]:
    """Foresee that tasks are canceled; what was doomed before is no effect of it."""
    waiting, ids = _read(tasks, (TaskState.PENDING, *ACTIVE))
    active = tuple(task for task in tasks if task.state in ACTIVE)
    lost = waiting.after(ids) - waiting.permanently_blocked() - ids
    return [
        *_of(active, "is with its runner, and asked to end", "are with a runner, asked to end"),
        *waiting.effect(lost, "that waits can never run then", "that wait can never run then"),
    ]


def of_hold(tasks: Sequence[Task]) -> list[Effect]:
    """Foresee that pending tasks are kept back."""
    waiting, ids = _read(tasks, (TaskState.PENDING,))
    kept = waiting.after(ids) - waiting.permanently_blocked() - ids
    return [*waiting.effect(kept, "waits until then, too", "wait until then, too")]


def of_release(tasks: Sequence[Task]) -> list[Effect]:
    """Foresee that pending tasks wait for one thing less: a release, or an approval."""
    free = tuple(t for t in tasks if t.state == TaskState.PENDING and t.unmet_count == 1)
    return [*_of(free, "becomes ready at once", "become ready at once")]


def of_approve(approvals: Sequence[Approval]) -> list[Effect]:
    """Foresee that tasks are approved."""
    return of_release([approval.task for approval in approvals])


def of_reject(approvals: Sequence[Approval]) -> list[Effect]:
    """Foresee that tasks are canceled by a decision against them."""
    return of_cancel([approval.task for approval in approvals])


def of_retry_downstream(tasks: Sequence[Task]) -> list[Effect]:
    """Foresee that ended tasks return to the queue, with all that ended after them."""
    runs = {task.run_id for task in tasks if task.run_id}
    ids = {task.pk for task in tasks if task.state in ENDED}
    if not ids or len(runs) > MOST_RUNS:
        return []
    after = reached(ids, _following(runs)) - ids
    found = Task.objects.filter(run__in=runs).exclude(state=TaskState.PENDING)
    rows = found.order_by("run_id", "position").only("run_id", "step_id", "title", "state")
    others = [task for task in rows if task.pk in after]
    ended = tuple(task for task in others if task.state in ENDED)
    active = tuple(task for task in others if task.state in ACTIVE)
    return [
        *_of(ended, "that ended after it is reset, too", "that ended after it are reset, too"),
        *_of(active, "is active: cancel it first", "are active: cancel them first"),
    ]


def of_pause(runs: Sequence[WorkflowRun]) -> list[Effect]:
    """Foresee that runs hand out nothing more for now."""
    active = sum(run.active_count for run in runs)
    pending = sum(run.pending_count for run in runs)
    return [
        *_count(active, "is active and goes on to its end", "are active and go on to their end"),
        *_count(pending, "waits until the run is resumed", "wait until the run is resumed"),
    ]


def of_abort(runs: Sequence[WorkflowRun]) -> list[Effect]:
    """Foresee that runs end for good."""
    active = sum(run.active_count for run in runs)
    pending = sum(run.pending_count for run in runs)
    return [
        *_count(pending, "has not started and is canceled", "have not started and are canceled"),
        *_count(active, "is active and asked to end", "are active and asked to end"),
    ]


def of_cancel_rest(runs: Sequence[WorkflowRun]) -> list[Effect]:
    """Foresee that what can never run is canceled."""
    return rest_of(Waiting(run.pk for run in runs)) if len(runs) <= MOST_RUNS else []


def rest_of(waiting: Waiting) -> list[Effect]:
    """Foresee the same, where what waits has been read."""
    return [*waiting.effect(waiting.permanently_blocked(), "is canceled", "are canceled")]


def of_mending(waiting: Waiting, cause: int) -> dict[str, list[Effect]]:
    """Foresee a retry and a mark success of one of the causes alone."""
    return {
        "retry": [*_retried(waiting, {cause})],
        "mark_success": [*_marked(waiting, {cause})],
    }


def reached(task_ids: Iterable[int], following: dict[int, list[int]]) -> set[int]:
    """Return what follows tasks, directly or not; one pass, whatever the number of paths."""
    found: set[int] = set()
    frontier = list(task_ids)
    while frontier:
        new = [pk for pk in following.get(frontier.pop(), ()) if pk not in found]
        found.update(new)
        frontier += new
    return found


def _read(tasks: Sequence[Task], states: Iterable[str] = BROKEN) -> tuple[Waiting, set[int]]:
    runs = {task.run_id for task in tasks}
    suited = {task.pk for task in tasks if task.state in states}
    return Waiting(runs if suited and len(runs) <= MOST_RUNS else ()), suited


def _retried(waiting: Waiting, ids: set[int]) -> Iterator[Effect]:
    after, still = waiting.after(ids), waiting.permanently_blocked(but_for=ids)
    yield from waiting.effect(
        after - still, "can run once that succeeds", "can run once that succeeds"
    )
    yield from _still_blocked(waiting, after & still)


def _marked(waiting: Waiting, ids: set[int]) -> Iterator[Effect]:
    met = Counter(pk for cause in ids for pk in waiting.following.get(cause, ()))
    ready = {pk for pk, n in met.items() if waiting.tasks[pk].unmet_count == n}
    after, still = waiting.after(ids), waiting.permanently_blocked(but_for=ids)
    yield from waiting.effect(ready, "becomes ready at once", "become ready at once")
    yield from waiting.effect(after - still - ready, "can run after that", "can run after that")
    yield from _still_blocked(waiting, after & still)


def _still_blocked(waiting: Waiting, ids: set[int]) -> Iterator[Effect]:
    return waiting.effect(ids, "stays blocked by another", "stay blocked by others")


def _following(runs: Iterable[int], **of_task: str) -> dict[int, list[int]]:
    conditions = {"task__run__in": set(runs), **of_task}
    edges = TaskDependency.objects.filter(**conditions).values_list("depends_on_id", "task_id")
    following: dict[int, list[int]] = defaultdict(list)
    for upstream, downstream in edges:
        following[upstream].append(downstream)
    return following


def _of(tasks: tuple[Task, ...], one: str, many: str) -> Iterator[Effect]:
    if tasks:
        yield Effect(len(tasks), one, many, tasks)


def _count(n: int, one: str, many: str) -> Iterator[Effect]:
    if n:
        yield Effect(n, one, many)
