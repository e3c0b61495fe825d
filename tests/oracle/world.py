"""The operations of the model."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from tests.oracle.model import (
    ACTIVE,
    BROKEN,
    ENDED,
    Answer,
    Attempt,
    Refused,
    Run,
    Runner,
    RunnerPool,
    Task,
    blocked,
    create_attempts,
    reason_of,
)

MOVES = {
    "running": ("dispatched",),
    "success": ACTIVE,
    "failed": ACTIVE,
    "canceled": ACTIVE,
}


@dataclass
class World:
    """All runs, and the operations on them."""

    runs: list[Run] = field(default_factory=list)
    refusals: dict[str, str] = field(default_factory=dict)
    """Why runners refuse tasks, by the name of the task."""

    def run_of(self, task: Task) -> Run:
        """Return the run of a task."""
        return next(run for run in self.runs if task in run.tasks)

    def dispatch(self, run: Run, limit: int | None) -> Answer:
        """Dispatch ready tasks; after a refusal, the next ones are tried."""
        run.expect("created", "running", "success", "failed")
        if run.is_auto and run.state == "created":
            run.state = "running"
        pool, sent = RunnerPool(), list[Task]()
        while batch := list(
            create_attempts(run, None if limit is None else limit - len(sent), pool)
        ):
            sent += self._submit(batch, pool)
        run.close_run_if_finished()
        return self._answer(run, sent, pool)

    def foresee(self, run: Run, limit: int | None) -> Answer:
        """Answer as if every runner accepted its submissions; change nothing."""
        run.expect("created", "running", "success", "failed")
        before = run.state, [(task, task.is_unwanted) for task in run.tasks]
        batch = list(create_attempts(run, limit, RunnerPool()))
        answer = self._answer(run, [attempt.task for attempt in batch], RunnerPool())
        for attempt in batch:
            self._take_back(attempt)
        run.state = before[0]
        for task, is_unwanted in before[1]:
            task.is_unwanted = is_unwanted
        return answer

    def report(self, run: Run, reports: Collection[tuple[Attempt, str]]) -> set[Attempt]:
        """Apply reports on attempts; return the attempts whose report is refused."""
        refused = {attempt for attempt, status in reports if not _fits(attempt, status)}
        news = [
            (attempt, status)
            for attempt, status in reports
            if attempt not in refused and attempt.status != status
        ]
        for attempt, status in news:
            attempt.status = attempt.task.state = status
        if news:
            self._advance(run)
            self._offer({attempt.runner for attempt, status in news if status != "running"})
        return refused

    def pause(self, run: Run) -> None:
        """Pause the run."""
        run.expect("created", "running")
        run.state = "paused"

    def resume(self, run: Run) -> None:
        """Resume the run."""
        run.expect("paused")
        run.state = "running"
        self._advance(run)

    def abort(self, run: Run) -> None:
        """Abort the run and cancel its tasks."""
        run.expect("created", "running", "paused")
        run.state = "aborted"
        for task in run.having("pending", *ACTIVE):
            _cancel(task)

    def cancel(self, task: Task) -> None:
        """Cancel a waiting task; request the cancellation of an active one."""
        task.expect("pending", *ACTIVE)
        _cancel(task)
        self._advance(self.run_of(task))

    def retry(self, task: Task) -> None:
        """Return a failed or canceled task to pending."""
        run = self._expect_broken(task)
        _return_to_queue(task)
        run.reopen("failed")
        self._advance(run)

    def mark_success(self, task: Task) -> None:
        """Mark a failed or canceled task as success."""
        run = self._expect_broken(task)
        if task.is_asked:
            task.approvals[-1] = "approved"
        elif task.approvals[-1:] == ["rejected"]:
            task.approvals.append("approved")
        task.state, task.is_marked = "success", True
        run.reopen("failed")
        self._advance(run)

    def retry_downstream(self, task: Task) -> None:
        """Return a task and its downstream tasks to pending."""
        run = self.run_of(task)
        task.expect(*ENDED)
        run.expect("created", "running", "paused", "success", "failed")
        following = [each for each in run.tasks if each.is_after(task)]
        if any(each.state in ACTIVE for each in following):
            raise Refused
        for each in [task, *following]:
            if each.state in ENDED:
                _return_to_queue(each)
                each.is_marked = False
            if each.approvals and not each.is_asked:
                each.approvals.append("pending")
        run.reopen("failed", "success")
        self._advance(run)

    def cancel_rest(self, run: Run) -> None:
        """Cancel the permanently blocked tasks."""
        run.expect("created", "running", "paused", "success", "failed")
        blocked_forever = run.blocked()
        if not blocked_forever:
            raise Refused
        for task in blocked_forever:
            task.state = "canceled"
        self._advance(run)

    def hold(self, task: Task) -> None:
        """Hold a pending task."""
        task.expect("pending")
        if task.is_held:
            raise Refused(f"task {task.pk} is on hold")
        task.is_held = True
        self._advance(self.run_of(task))

    def release(self, task: Task) -> None:
        """Release a held task."""
        if not task.is_held:
            raise Refused(f"task {task.pk} is not on hold")
        task.is_held = False
        self._reopen_if_ready(self.run_of(task))

    def approve(self, task: Task, number: int) -> None:
        """Approve a request."""
        self._expect_undecided(task, number)
        task.approvals[number] = "approved"
        self._reopen_if_ready(self.run_of(task))

    def reject(self, task: Task, number: int) -> None:
        """Reject a request and cancel its task."""
        self._expect_undecided(task, number)
        task.approvals[number], task.state = "rejected", "canceled"
        self._advance(self.run_of(task))

    def _submit(self, batch: Iterable[Attempt], pool: RunnerPool) -> list[Task]:
        sent = []
        for attempt in batch:
            task, runner = attempt.task, attempt.runner
            if runner.claims:
                sent.append(task)
            elif runner.refusal:
                pool.runners[runner] = f"runner refused: {runner.name}: {runner.refusal}"
                self._take_back(attempt)
            elif why := self.refusals.get(task.name):
                pool.tasks[task] = f"runner refused: {runner.name}: {why}"
                self._take_back(attempt)
            else:
                sent.append(task)
        return sent

    def _take_back(self, attempt: Attempt) -> None:
        attempt.task.state = "pending"
        attempt.task.attempts.remove(attempt)
        attempt.runner.attempts.remove(attempt)

    def _answer(self, run: Run, sent: list[Task], pool: RunnerPool) -> Answer:
        if sent:
            return Answer(sent)
        why = list(blocked(run, pool))
        return Answer([], reason_of([reason for _, reason, _ in why]), why)

    def _advance(self, run: Run) -> int:
        batch = []
        if run.is_auto and run.state == "created":
            run.state = "running"
        if run.is_auto and run.state == "running":
            batch = list(create_attempts(run, None, RunnerPool()))
        self._submit(batch, RunnerPool())
        run.close_run_if_finished()
        return len(batch)

    def _offer(self, freed: set[Runner]) -> None:
        """Let auto-dispatch runs use the places that became free."""
        limited = {runner for runner in freed if runner.capacity}
        waiting = [
            run
            for run in self.runs
            if run.is_auto
            and run.state == "running"
            and any(task.runner in limited for task in run.free())
        ]
        for run in waiting:
            if not self._advance(run):
                break

    def _reopen_if_ready(self, run: Run) -> None:
        if run.free():
            run.reopen("failed")
        self._advance(run)

    def _expect_broken(self, task: Task) -> Run:
        task.expect(*BROKEN)
        run = self.run_of(task)
        run.expect("created", "running", "paused", "success", "failed")
        return run

    def _expect_undecided(self, task: Task, number: int) -> None:
        if task.approvals[number] != "pending":
            raise Refused
        task.expect("pending")


def _fits(attempt: Attempt, status: str) -> bool:
    """Return True if a report repeats what is known, or makes a possible transition."""
    is_latest = attempt.task.attempts[-1] is attempt
    return attempt.status == status or (is_latest and attempt.status in MOVES[status])


def _cancel(task: Task) -> None:
    if task.state == "pending":
        task.state = "canceled"
    elif task.state == "dispatched" and task.runner.claims:
        # It waits in the database, so no process has started it.
        task.state = task.attempts[-1].status = "canceled"
    else:
        task.is_unwanted = True


def _return_to_queue(task: Task) -> None:
    task.state, task.is_unwanted = "pending", False
    if task.needs_approval and task.approvals[-1] == "rejected":
        task.approvals.append("pending")
