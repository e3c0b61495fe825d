"""Whatever is done in whatever order: the product answers as the model does."""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from runners.models import Runner as RunnerRow
from tests.oracle import model, product
from tests.oracle.drawing import RUNNERS, Drawing, drawings
from tests.oracle.model import Attempt, Run, Runner, Task
from tests.oracle.product import BY
from tests.oracle.world import World
from tests.support.scripted import KIND, ScriptedBackend
from workflows import operations
from workflows.audit.verify import verify_run
from workflows.errors import Conflict
from workflows.insight.explain import READY
from workflows.operations.runs import cancel_rest
from workflows.operations.tasks import retry_downstream
from workflows.reports.apply import Report, apply_report, apply_reports

INDEX = st.integers(0, 20)
LIMITS = st.sampled_from([1, 1, 2, 3, None])
STATUSES = st.sampled_from(["running", "success", "success", "success", "failed", "canceled"])

CAPACITIES = st.sampled_from([None, 1, 2])
WEATHER = ["near", "far", "s0", "s1", "s2"]
"""Runners and names of tasks that may be refused for a while."""

Act = Callable[[], Any]


class Oracle(RuleBasedStateMachine):
    """One or two runs, three runners, and everybody who does something to them."""

    steps: ClassVar[int] = 0
    """How many steps were taken, in all examples."""

    @initialize(
        drawn=st.lists(drawings(), min_size=1, max_size=2),
        capacity=CAPACITIES,
        refused=st.sets(st.sampled_from(WEATHER), max_size=2),
    )
    def begin(self, drawn: list[Drawing], capacity: int | None, refused: set[str]) -> None:
        """Create the runs, in some weather."""
        self.world = World()
        self.runners = {name: Runner(name, claims=name == "local") for name in RUNNERS}
        RunnerRow.objects.create(name="near", kind=KIND)
        RunnerRow.objects.create(name="far", kind=KIND)
        RunnerRow.objects.filter(name="local").update(capacity=None, is_enabled=True)
        for drawing in drawn:
            self._create(drawing)
        self.change_capacity("near", capacity)
        for name in sorted(refused):
            self.change_the_weather(name)

    def _create(self, drawing: Drawing) -> None:
        tasks: dict[str, Task] = {}
        for step in sorted(drawing.steps, key=lambda step: step.name):
            asked = ["pending"] if step.needs_approval else []
            tasks[step.name] = Task(
                step.name,
                self.runners[step.runner],
                step.needs_approval,
                [tasks[name] for name in step.upstream],
                approvals=asked,
            )
        row = product.create(drawing)
        run = Run([tasks[step.name] for step in drawing.steps], drawing.is_auto, pk=row.pk)
        for task, pk in zip(run.tasks, row.tasks.order_by("position"), strict=True):
            task.pk = pk.pk
        self.world.runs.append(run)

    def _both(self, expected: Act, asked: Act) -> Any:
        """Have both do the same; return both answers, or None if both refuse."""
        try:
            wanted = expected()
        except model.Refused as refusal:
            why = re.escape(str(refusal))
            with pytest.raises(Conflict, match=f"^{why}$" if why else None):
                asked()
            return None
        return wanted, asked()

    def _run(self, index: int) -> Run:
        return self.world.runs[index % len(self.world.runs)]

    def _task(self, index: int, *states: str) -> Task:
        tasks = [task for run in self.world.runs for task in run.tasks]
        # Rather one to which it can be done; now and then any.
        likely = [task for task in tasks if task.state in states]
        some = likely if likely and index < 17 else tasks
        return some[index % len(some)]

    @property
    def _attempts(self) -> list[Attempt]:
        return [a for run in self.world.runs for task in run.tasks for a in task.attempts]

    @rule(index=INDEX, limit=LIMITS)
    def dispatch(self, index: int, limit: int | None) -> None:
        """Dispatch what is ready."""
        self._dispatch(self._run(index), limit, dry_run=False)

    @rule(index=INDEX, limit=LIMITS)
    def dispatch_again(self, index: int, limit: int | None) -> None:
        """Dispatch as often as anything else is done."""
        self._dispatch(self._run(index), limit, dry_run=False)

    @rule(index=INDEX, limit=LIMITS)
    def foresee(self, index: int, limit: int | None) -> None:
        """Ask what a dispatch would do."""
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
        """Report on what is under way."""
        under_way = [a for a in self._attempts if a.status in model.ACTIVE]
        self._report(under_way[index % len(under_way)], status)

    @precondition(lambda self: any(a.status in model.ACTIVE for a in self._attempts))
    @rule(index=INDEX, status=STATUSES)
    def report_again(self, index: int, status: str) -> None:
        """Report on what is under way, as often as anything else is done."""
        self.report(index, status)

    @precondition(lambda self: self._attempts)
    @rule(index=INDEX, status=STATUSES)
    def report_anything(self, index: int, status: str) -> None:
        """Report late, twice, out of order, or on what is outdated."""
        self._report(self._attempts[index % len(self._attempts)], status)

    def _report(self, attempt: Attempt, status: str) -> None:
        def expected() -> None:
            if self.world.report(self.world.run_of(attempt.task), [(attempt, status)]):
                raise model.Refused

        self._both(expected, lambda: apply_report(Report(attempt.pk, status), by=BY))

    @precondition(lambda self: self._attempts)
    @rule(index=INDEX, said=st.lists(st.tuples(INDEX, STATUSES), min_size=2, max_size=4))
    def report_together(self, index: int, said: list[tuple[int, str]]) -> None:
        """Report what ended together in one go."""
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
        """Abort a run; not often, for then it is over."""
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
        """Count a task as done."""
        task = self._task(index, *model.BROKEN)
        self._both(
            lambda: self.world.mark_success(task),
            lambda: operations.mark_success(task.pk, by=BY, reason="said so"),
        )

    @rule(index=INDEX)
    def retry_downstream(self, index: int) -> None:
        """Do a task again, and what followed."""
        task = self._task(index, *model.ENDED)
        self._both(
            lambda: self.world.retry_downstream(task), lambda: retry_downstream(task.pk, by=BY)
        )

    @rule(index=INDEX)
    def cancel_rest(self, index: int) -> None:
        """Cancel what can never run."""
        run = self._run(index)
        self._both(lambda: self.world.cancel_rest(run), lambda: cancel_rest(run.pk, by=BY))

    @rule(index=INDEX)
    def hold(self, index: int) -> None:
        """Keep a task back."""
        task = self._task(index, "pending")
        self._both(lambda: self.world.hold(task), lambda: operations.hold(task.pk, by=BY))

    @rule(index=INDEX)
    def release(self, index: int) -> None:
        """Let a task go."""
        held = [task for run in self.world.runs for task in run.tasks if task.is_held]
        task = held[index % len(held)] if held else self._task(index)
        self._both(lambda: self.world.release(task), lambda: operations.release(task.pk, by=BY))

    @precondition(lambda self: any(task.approvals for r in self.world.runs for task in r.tasks))
    @rule(index=INDEX, for_it=st.booleans())
    def decide(self, index: int, for_it: bool) -> None:
        """Approve or reject, also what was decided before."""
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

    @rule(name=st.sampled_from(RUNNERS), capacity=CAPACITIES)
    def change_capacity(self, name: str, capacity: int | None) -> None:
        """Give a runner other places."""
        self.runners[name].capacity = capacity
        RunnerRow.objects.filter(name=name).update(capacity=capacity)

    @rule(name=st.sampled_from(RUNNERS))
    def switch(self, name: str) -> None:
        """Disable a runner, or enable it."""
        runner = self.runners[name]
        runner.is_enabled = not runner.is_enabled
        RunnerRow.objects.filter(name=name).update(is_enabled=runner.is_enabled)

    @rule(name=st.sampled_from(WEATHER))
    def change_the_weather(self, name: str) -> None:
        """Let a runner take nothing, or nothing of some tasks; or take it again."""
        refusals, script = self.world.refusals, ScriptedBackend.script
        if name in script.refusals:
            script.accept(name)
            refusals.pop(name, None)
        else:
            script.refuse(name, f"{name} has no space")
            refusals[name] = f"{name} has no space"
        if name in self.runners:
            self.runners[name].refusal = script.refusals.get(name, "")

    @rule(index=INDEX)
    def explain(self, index: int) -> None:
        """Ask why what is pending waits."""
        run = self._run(index)
        wanted = {
            task.pk: (
                task.waits_for or READY,
                frozenset(cause.pk for cause in task.causes()),
            )
            for task in run.having("pending")
        }
        assert product.explained(run.pk) == wanted

    @invariant()
    def everything_stands_where_the_model_has_it(self) -> None:
        """Compare runs, tasks and attempts."""
        Oracle.steps += 1
        ids = [run.pk for run in self.world.runs]
        runs, tasks = product.standing(ids)
        made = product.attempts(ids)
        for run in self.world.runs:
            stuck = run.deadlock()
            causes = None if stuck is None else {task.pk for task in stuck}
            assert runs[run.pk] == (run.state, causes)
            for task in run.tasks:
                flags = (task.is_held, task.is_asked, task.is_marked, task.is_unwanted)
                assert tasks[task.pk] == (task.state, *flags), task.name
                rows = made.get(task.pk, [])
                assert [status for _, status in rows] == [a.status for a in task.attempts]
                for attempt, (pk, _) in zip(task.attempts, rows, strict=True):
                    attempt.pk = pk

    def teardown(self) -> None:
        """Verify what is left of the example, and forget it."""
        try:
            for run in getattr(self, "world", World()).runs:
                assert [finding.sentence for finding in verify_run(run.pk)] == []
        finally:
            product.clear()
            ScriptedBackend.script.refusals.clear()
            ScriptedBackend.script.handed.clear()
