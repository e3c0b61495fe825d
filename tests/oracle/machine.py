"""The rules of the oracle: each does one thing in the model and in the product."""

from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from runners.models import Runner as RunnerRow
from tests.oracle import model, product
from tests.oracle.drawing import RUNNERS
from tests.oracle.model import Attempt, Run
from tests.oracle.product import BY
from tests.oracle.side_by_side import INDEX, SideBySide
from workflows import operations
from workflows.insight.explain import READY
from workflows.operations.runs import cancel_rest
from workflows.operations.tasks import retry_downstream
from workflows.reports.apply import apply_report, apply_reports
from workflows.reports.report import Report

LIMITS = st.sampled_from([1, 1, 2, 3, None])
STATUSES = st.sampled_from(["running", "success", "success", "success", "failed", "canceled"])


class Oracle(SideBySide):
    """Operators, runners and administrators, acting in random order."""

    @rule(index=INDEX, limit=LIMITS)
    def dispatch(self, index: int, limit: int | None) -> None:
        """Dispatch what is ready."""
        self._dispatch(self._run(index), limit, dry_run=False)

    @rule(index=INDEX, limit=LIMITS)
    def dispatch_again(self, index: int, limit: int | None) -> None:
        """Dispatch; a second rule doubles its share."""
        self._dispatch(self._run(index), limit, dry_run=False)

    @rule(index=INDEX, limit=LIMITS)
    def foresee(self, index: int, limit: int | None) -> None:
        """Dispatch as a dry run; it must write no event."""
        before = product.trail_length()
        self._dispatch(self._run(index), limit, dry_run=True)
        assert product.trail_length() == before

    def _dispatch(self, run: Run, limit: int | None, *, dry_run: bool) -> None:
        act = self.world.foresee if dry_run else self.world.dispatch
        answers = self._both(
            lambda: act(run, limit), lambda: product.dispatch(run.pk, limit, dry_run=dry_run)
        )
        if answers:
            wanted, found = answers
            blocked = [
                (task.pk, reason, frozenset(cause.pk for cause in causes))
                for task, reason, causes in wanted.blocked
            ]
            assert found == ([task.pk for task in wanted.sent], wanted.reason, blocked)

    @precondition(lambda self: any(a.status in model.ACTIVE for a in self._attempts))
    @rule(index=INDEX, status=STATUSES)
    def report(self, index: int, status: str) -> None:
        """Report on an active attempt."""
        under_way = [a for a in self._attempts if a.status in model.ACTIVE]
        self._report(under_way[index % len(under_way)], status)

    @precondition(lambda self: any(a.status in model.ACTIVE for a in self._attempts))
    @rule(index=INDEX, status=STATUSES)
    def report_again(self, index: int, status: str) -> None:
        """Report on an active attempt; a second rule doubles its share."""
        self.report(index, status)

    @precondition(lambda self: self._attempts)
    @rule(index=INDEX, status=STATUSES)
    def report_anything(self, index: int, status: str) -> None:
        """Report on any attempt: late, twice, out of order or outdated."""
        self._report(self._attempts[index % len(self._attempts)], status)

    def _report(self, attempt: Attempt, status: str) -> None:
        def expected() -> None:
            if self.world.report(self.world.run_of(attempt.task), [(attempt, status)]):
                raise model.Refused

        self._both(expected, lambda: apply_report(Report(attempt.pk, status), by=BY))

    @precondition(lambda self: self._attempts)
    @rule(index=INDEX, said=st.lists(st.tuples(INDEX, STATUSES), min_size=2, max_size=4))
    def report_together(self, index: int, said: list[tuple[int, str]]) -> None:
        """Apply several reports in one call."""
        run = self._run(index)
        known = [attempt for attempt in self._attempts if attempt.task in run.tasks]
        reports = {known[i % len(known)]: status for i, status in said} if known else {}
        wanted, found = self._both(
            lambda: self.world.report(run, list(reports.items())),
            lambda: apply_reports(run.pk, [Report(a.pk, s) for a, s in reports.items()], by=BY),
        )
        assert set(found) == {attempt.pk for attempt in wanted}

    @rule(index=INDEX)
    def pause(self, index: int) -> None:
        """Pause a run."""
        run = self._run(index)
        self._both(lambda: self.world.pause(run), lambda: operations.pause(run.pk, by=BY))

    @rule(index=INDEX)
    def resume(self, index: int) -> None:
        """Resume a run."""
        run = self._run(index)
        self._both(lambda: self.world.resume(run), lambda: operations.resume(run.pk, by=BY))

    @rule(index=INDEX, sure=st.integers(0, 5))
    def abort(self, index: int, sure: int) -> None:
        """Abort a run; rarely, since that ends it."""
        run = self._run(index)
        if sure == 5 or run.state == "aborted":
            self._both(lambda: self.world.abort(run), lambda: operations.abort(run.pk, by=BY))

    @rule(index=INDEX)
    def cancel(self, index: int) -> None:
        """Cancel a task."""
        task = self._task(index, "pending", *model.ACTIVE)
        self._both(lambda: self.world.cancel(task), lambda: operations.cancel(task.pk, by=BY))

    @rule(index=INDEX)
    def retry(self, index: int) -> None:
        """Retry a task."""
        task = self._task(index, *model.BROKEN)
        self._both(lambda: self.world.retry(task), lambda: operations.retry(task.pk, by=BY))

    @rule(index=INDEX)
    def mark_success(self, index: int) -> None:
        """Mark a task as success."""
        task = self._task(index, *model.BROKEN)
        self._both(
            lambda: self.world.mark_success(task),
            lambda: operations.mark_success(task.pk, by=BY, reason="said so"),
        )

    @rule(index=INDEX)
    def retry_downstream(self, index: int) -> None:
        """Retry a task and its downstream tasks."""
        task = self._task(index, *model.ENDED)
        self._both(
            lambda: self.world.retry_downstream(task), lambda: retry_downstream(task.pk, by=BY)
        )

    @rule(index=INDEX)
    def cancel_rest(self, index: int) -> None:
        """Cancel the permanently blocked tasks of a run."""
        run = self._run(index)
        self._both(lambda: self.world.cancel_rest(run), lambda: cancel_rest(run.pk, by=BY))

    @rule(index=INDEX)
    def hold(self, index: int) -> None:
        """Hold a task."""
        task = self._task(index, "pending")
        self._both(lambda: self.world.hold(task), lambda: operations.hold(task.pk, by=BY))

    @rule(index=INDEX)
    def release(self, index: int) -> None:
        """Release a task."""
        held = [task for run in self.world.runs for task in run.tasks if task.is_held]
        task = held[index % len(held)] if held else self._task(index)
        self._both(lambda: self.world.release(task), lambda: operations.release(task.pk, by=BY))

    @precondition(lambda self: any(task.approvals for r in self.world.runs for task in r.tasks))
    @rule(index=INDEX, for_it=st.booleans())
    def decide(self, index: int, for_it: bool) -> None:
        """Approve or reject, also an approval that is already decided."""
        tasks = [task for run in self.world.runs for task in run.tasks if task.approvals]
        task = tasks[index % len(tasks)]
        number = len(task.approvals) - 1 if index < 17 else 0
        approval_id = product.approval_of(task.pk, number)
        expected, asked = (
            (self.world.approve, operations.approve)
            if for_it
            else (self.world.reject, operations.reject)
        )
        self._both(lambda: expected(task, number), lambda: asked(approval_id, by=BY))

    @rule(name=st.sampled_from(RUNNERS))
    def switch(self, name: str) -> None:
        """Disable a runner, or enable it."""
        runner = self.runners[name]
        runner.is_enabled = not runner.is_enabled
        RunnerRow.objects.filter(name=name).update(is_enabled=runner.is_enabled)

    @rule(index=INDEX)
    def explain(self, index: int) -> None:
        """Explain why pending tasks wait."""
        run = self._run(index)
        wanted = {
            task.pk: (
                task.waits_for or READY,
                frozenset(cause.pk for cause in task.causes()),
            )
            for task in run.having("pending")
        }
        assert product.explained(run.pk) == wanted
