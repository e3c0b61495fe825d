"""The runners, as one call of dispatch sees them."""

from django.db.models import Q

from runners.models import Runner
from workflows.models import Task


class Fleet:
    """All runners, read once, and those that take nothing during this call."""

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

    def runner_of(self, task: Task) -> Runner:
        """Return the runner of a task that `willing` lets through."""
        return self.runners[self._key(task)]

    def refuse(self, runner: Runner, why: str) -> None:
        """Give a runner no more tasks during this call."""
        self._refusals[runner.pk] = f"runner refused: {runner}: {why}"

    def refusal_of(self, task: Task) -> str | None:
        """Say why a ready task cannot go out, if so."""
        return self._refusals.get(self._key(task))

    def willing(self) -> Q:
        """Return the condition of the tasks whose runner takes work."""
        refusing = [pk for pk in self._refusals if pk is not None]
        unwilling = Q(runner__isnull=False, runner__in=refusing)
        if (self._default.pk if self._default else None) in self._refusals:
            unwilling |= Q(runner__isnull=True)
        return ~unwilling

    def _key(self, task: Task) -> int | None:
        return task.runner_id or (self._default.pk if self._default else None)
