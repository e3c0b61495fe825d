"""How runners are: whether they take tasks, since when not, what runs at them, who serves them."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count
from django.utils import timezone

from runners.kinds import kinds_served_locally
from runners.models import Runner
from workflows.insight.attention import RunnerProblem, runner_problems
from workflows.insight.phrases import counted
from workflows.models import Presence, TaskAttempt
from workflows.presence import ABSENT_AFTER

MOST_PROCESSES = 200
WAITS = ("waits", "wait")


@dataclass(frozen=True, slots=True)
class RunnerHealth:
    """The state of one runner, from what is stored."""

    runner: Runner
    word: str
    """`reachable`, `refusing`, `silent`, `disabled`, `not served`, or `enabled`."""
    badge: str
    hue: str
    sentence: str
    since: datetime | None = None
    error: str = ""
    """Why it takes nothing, as it said last."""
    started: int = 0
    unstarted: int = 0
    """Attempts that are with it, and have not been started."""
    refused: int = 0
    """Tasks that are ready for it, and do not go out."""
    processes: Sequence[Presence] = ()
    """Those that say that they serve it, the latest first; also those of the last day."""

    @property
    def waiting(self) -> int:
        """Return how many tasks wait for it."""
        return self.unstarted + self.refused

    @property
    def serving(self) -> list[Presence]:
        """Return the processes that are there now."""
        return [each for each in self.processes if is_there(each)]


def is_there(process: Presence) -> bool:
    """Return True if a process has said lately that it serves."""
    return process.seen_at >= timezone.now() - ABSENT_AFTER


def health_of(runners: Iterable[Runner]) -> dict[int, RunnerHealth]:
    """Return the state of runners by id; a constant number of statements."""
    problems: dict[int, list[RunnerProblem]] = defaultdict(list)
    for problem in runner_problems():
        if problem.runner:
            problems[problem.runner.pk].append(problem)
    open_attempts = TaskAttempt.objects.open().order_by().values("runner")
    rows = open_attempts.annotate(all=Count("pk"), started=Count("started_at"))
    counts = {row["runner"]: (row["started"], row["all"] - row["started"]) for row in rows}
    processes = list(Presence.objects.order_by("-seen_at")[:MOST_PROCESSES])
    return {
        runner.pk: _health(runner, problems[runner.pk], counts.get(runner.pk, (0, 0)), processes)
        for runner in runners
    }


def _health(
    runner: Runner,
    problems: Sequence[RunnerProblem],
    counts: tuple[int, int],
    processes: Iterable[Presence],
) -> RunnerHealth:
    serving = [
        each for each in processes if isinstance(each.serves, list) and runner.kind in each.serves
    ]
    waiting = next((each for each in problems if each.tasks and not each.silent_since), None)
    refused = waiting.tasks if waiting else 0
    known = (counts[0], counts[1], refused, serving)
    waits = f" {counted(refused, *WAITS)} for it." if refused else ""
    if not runner.is_enabled:
        said = f"It is disabled, and is given no tasks.{waits}"
        return RunnerHealth(runner, "disabled", "disabled", "stopped", said, None, "", *known)
    if runner.unavailable_since or waiting:
        why = waiting.refusal.removeprefix(f"runner refused: {runner}: ") if waiting else ""
        said, since = f"It takes no tasks.{waits}", runner.unavailable_since
        return RunnerHealth(runner, "refusing", "refused", "bad", said, since, why, *known)
    return _without_refusal(runner, problems, known)


def _without_refusal(
    runner: Runner, problems: Sequence[RunnerProblem], known: tuple[int, int, int, list[Presence]]
) -> RunnerHealth:
    silent = next((each for each in problems if each.silent_since), None)
    if silent:
        said = f"It has not started {counted(silent.tasks, 'that was', 'that were')} given to it."
        hint = runner.backend.silence_hint
        return RunnerHealth(
            runner, "silent", "silent", "stopped", f"{said} {hint}", silent.silent_since, "", *known
        )
    if any(each.uncalled_since for each in problems):
        said = f"Its host has never called back; {runner.callback_question}"
        return RunnerHealth(
            runner, "silent", "silent", "stopped", said, runner.first_submitted_at, "", *known
        )
    if runner.kind in kinds_served_locally():
        there = [each for each in known[3] if is_there(each)]
        if there:
            noun = "process executes" if len(there) == 1 else "processes execute"
            said = f"{len(there)} {noun} its tasks."
            return RunnerHealth(runner, "reachable", "success", "good", said, None, "", *known)
        said = "No process serves it now: start manage.py local_runner."
        return RunnerHealth(runner, "not served", "silent", "stopped", said, None, "", *known)
    if runner.first_submitted_at:
        said = "It took the last task that it was given."
        return RunnerHealth(runner, "reachable", "success", "good", said, None, "", *known)
    said = "It is enabled; nothing speaks against it."
    return RunnerHealth(runner, "enabled", "enabled", "active", said, None, "", *known)
