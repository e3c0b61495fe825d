"""The runners during one call: which tasks they execute, what they refuse, which are full."""

from collections.abc import Collection, Iterable, Sequence

from django.db.models import Count, Q

from runners.models import Runner
from workflows.db.statements import columns_of, read
from workflows.db.time_limits import locking
from workflows.models import Task, TaskAttempt
from workflows.models.bounds import LONGEST_REASON, cut

MOST_DECLINED = 100
"""How many tasks a runner may decline in one call before it is offered no more."""


ALL_RUNNERS = f"SELECT {columns_of(Runner)} FROM {Runner._meta.db_table}"
RESTING = "it has just taken nothing"
NO_RUNNER = 0
"""Stands for the runner of tasks that have none, where there is no default runner."""


class RunnerPool:
    """All runners, read once, and what they have refused during this call."""

    def __init__(self, *, spares_resting: bool = False) -> None:
        """
        Read all runners; there are few.

        :param spares_resting: do not call runners that have just taken nothing. One that does not
            answer costs ten seconds, during which an executor does nothing else.
        """
        self.runners: dict[int | None, Runner] = {
            runner.pk: runner for runner in read(Runner, ALL_RUNNERS)
        }
        self._default = next((r for r in self.runners.values() if r.is_default), None)
        self._refusals: dict[int | None, str] = {
            pk: f"runner refused: {runner} is disabled"
            for pk, runner in self.runners.items()
            if not runner.is_enabled
        }
        if spares_resting:
            resting = (runner for runner in self.runners.values() if runner.is_resting)
            self._refusals |= {each.pk: _refusal_by(each, RESTING) for each in resting}
        if self._default is None:
            self._refusals[None] = "runner refused: there is no default runner"
        self._full: dict[int | None, str] = {}
        self._declined: dict[int, str] = {}
        self._unavailable: set[int] = set()

    def runner_of(self, task: Task) -> Runner:
        """Return the runner of a task; there is one unless `refusal_of` says otherwise."""
        return self.runners[self._key(task)]

    def refuse(self, runner: Runner, why: str) -> None:
        """Offer a runner no more tasks during this call, its batch included; then it rests."""
        self._refusals[runner.pk] = _refusal_by(runner, why)
        runner.note_unavailable()
        self._unavailable.add(runner.pk)

    def is_unavailable(self, runner: Runner) -> bool:
        """Return True if a runner has refused all tasks during this call."""
        return runner.pk in self._unavailable

    def decline(self, task: Task, why: str) -> None:
        """Leave a task to a later call; its runner may still take others."""
        runner = self.runner_of(task)
        self._full.pop(runner.pk, None)  # the place that was meant for this task is free again
        self._declined[task.pk] = _refusal_by(runner, why)
        if len(self._declined) >= MOST_DECLINED:
            self.refuse(runner, why)

    def refusal_of(self, task: Task) -> str | None:
        """Return why a ready task cannot be dispatched; None if it can."""
        key = self._key(task)
        return self._declined.get(task.pk) or self._refusals.get(key) or self._full.get(key)

    def admit(self, tasks: Sequence[Task]) -> list[Task]:
        """
        Return the tasks whose runners have a free place, in the same order.

        The rows of runners with a capacity stay locked until the transaction ends: of two runs
        that want the last place, only one gets it. Runs are always locked before runners.
        """
        limited = self._limited(tasks)
        if limited:
            locked = Runner.objects.select_for_update(no_key=True).filter(pk__in=limited)
            names = ", ".join(str(self.runners[pk]) for pk in sorted(limited))
            with locking("runner", names):
                list(locked.order_by("pk"))
        free = self._free_places(limited)
        admitted = []
        for task in tasks:
            key = self._key(task)
            if free.get(key, 1) > 0:
                admitted.append(task)
                free.update({key: free[key] - 1} if key in free else {})
            else:
                self._note_full(key)
        return admitted

    def note_full_runners(self, tasks: Sequence[Task]) -> None:
        """Note which runners of these tasks are full now, without locking them."""
        for key, n in self._free_places(self._limited(tasks)).items():
            if n <= 0:
                self._note_full(key)

    def with_free_places(self) -> list[int]:
        """Return the ids of the runners that have a free place now, or no capacity."""
        willing = {r.pk: r for r in self.runners.values() if r.is_enabled and not r.is_resting}
        free = self._free_places({pk for pk, r in willing.items() if r.capacity})
        return [pk for pk in willing if free.get(pk, 1) > 0]

    def rested(self) -> list[int]:
        """Return the ids of the runners that took nothing the last time, and may now."""
        return [r.pk for r in self.runners.values() if r.is_enabled and r.has_rested]

    def _note_full(self, key: int | None) -> None:
        runner = self.runners[key]
        self._full[key] = f"runner is full: {runner} has {runner.capacity} at a time"

    def _limited(self, tasks: Iterable[Task]) -> set[int]:
        keys = {self._key(task) for task in tasks}
        return {key for key in keys if key and self.runners[key].capacity}

    def _free_places(self, limited: Collection[int]) -> dict[int | None, int]:
        if not limited:
            return {}
        taken = TaskAttempt.objects.open().filter(runner__in=limited).values_list("runner")
        counts = dict(taken.annotate(n=Count("pk")).order_by())
        return {key: (self.runners[key].capacity or 0) - counts.get(key, 0) for key in limited}

    @property
    def default_key(self) -> int:
        """The id of the default runner; NO_RUNNER if there is none."""
        return self._default.pk if self._default else NO_RUNNER

    @property
    def unwilling(self) -> list[int]:
        """The ids of the runners that take nothing now; NO_RUNNER for tasks that have none."""
        return [key or NO_RUNNER for key in (*self._refusals, *self._full)]

    @property
    def declined(self) -> list[int]:
        """The ids of the tasks that their runners have declined during this call."""
        return list(self._declined)

    def tasks_of(self, keys: Collection[int | None]) -> Q:
        """Return the condition of the tasks that these runners execute."""
        own = Q(runner__isnull=False, runner__in=[key for key in keys if key])
        is_default = (self._default.pk if self._default else None) in keys
        return own | Q(runner__isnull=True) if is_default else own

    def _key(self, task: Task) -> int | None:
        return task.runner_id or (self._default.pk if self._default else None)


def _refusal_by(runner: Runner, why: str) -> str:
    return f"runner refused: {runner}: {cut(why, most=LONGEST_REASON)}"
