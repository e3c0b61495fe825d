"""The runners, as one call of dispatch sees them."""

from collections.abc import Collection, Iterable, Sequence

from django.db.models import Count, Q

from runners.models import Runner
from workflows.models import Task, TaskAttempt

MOST_DECLINED = 100
"""Tasks of one call that a runner may decline, one by one, before it is given no more."""


class Fleet:
    """All runners, read once, and what they refuse during this call."""

    def __init__(self) -> None:
        """Read the runners; there are few."""
        self.runners: dict[int | None, Runner] = {
            runner.pk: runner for runner in Runner.objects.all()
        }
        self._default = next((r for r in self.runners.values() if r.is_default), None)
        self._refusals: dict[int | None, str] = {
            pk: f"runner refused: {runner} is disabled"
            for pk, runner in self.runners.items()
            if not runner.is_enabled
        }
        if self._default is None:
            self._refusals[None] = "runner refused: there is no default runner"
        self._declined: dict[int, str] = {}

    def runner_of(self, task: Task) -> Runner:
        """Return the runner of a task that `willing` lets through."""
        return self.runners[self._key(task)]

    def refuse(self, runner: Runner, why: str) -> None:
        """Give a runner no more tasks during this call."""
        self._refusals[runner.pk] = _refused(runner, why)

    def decline(self, task: Task, why: str) -> None:
        """Let a task wait for another call; its runner may take the others."""
        runner = self.runner_of(task)
        self._declined[task.pk] = _refused(runner, why)
        if len(self._declined) >= MOST_DECLINED:
            self.refuse(runner, why)

    def refusal_of(self, task: Task) -> str | None:
        """Say why a ready task cannot go out, if so."""
        return self._declined.get(task.pk) or self._refusals.get(self._key(task))

    def admit(self, tasks: Sequence[Task]) -> list[Task]:
        """
        Return the tasks that their runners have a place for, in the same order.

        The rows of runners with a capacity stay locked until the transaction ends: of two runs
        that want the last place, one gets it. Runs are always locked before runners.
        """
        free = self._free_places({self._key(task) for task in tasks})
        admitted = []
        for task in tasks:
            key = self._key(task)
            if free.get(key, 1) > 0:
                admitted.append(task)
                free.update({key: free[key] - 1} if key in free else {})
            elif key:
                runner = self.runners[key]
                self._refusals[key] = f"runner is full: {runner} has {runner.capacity} at a time"
        return admitted

    def _free_places(self, keys: Iterable[int | None]) -> dict[int | None, int]:
        limited = [key for key in keys if key and self.runners[key].capacity]
        if not limited:
            return {}
        locked = Runner.objects.select_for_update(no_key=True).filter(pk__in=limited)
        taken = TaskAttempt.objects.open().filter(runner__in=limited).values_list("runner")
        counts = {runner.pk: 0 for runner in locked.order_by("pk")}
        counts |= dict(taken.annotate(n=Count("pk")).order_by())
        return {key: (self.runners[key].capacity or 0) - n for key, n in counts.items()}

    def willing(self) -> Q:
        """Return the condition of the tasks whose runner takes work, and did not decline them."""
        return ~self.on(self._refusals) & ~Q(pk__in=self._declined)

    def on(self, keys: Collection[int | None]) -> Q:
        """Return the condition of the tasks that these runners execute."""
        own = Q(runner__isnull=False, runner__in=[key for key in keys if key])
        is_default = (self._default.pk if self._default else None) in keys
        return own | Q(runner__isnull=True) if is_default else own

    def _key(self, task: Task) -> int | None:
        return task.runner_id or (self._default.pk if self._default else None)


def _refused(runner: Runner, why: str) -> str:
    return f"runner refused: {runner}: {why}"
