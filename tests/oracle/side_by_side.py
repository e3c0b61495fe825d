"""The base of the rules: the product and the model, and their comparison after each step."""

import re
from collections.abc import Callable
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from runners.models import Runner as RunnerRow
from tests.oracle import model, product
from tests.oracle.drawing import RUNNERS, Drawing, drawings
from tests.oracle.model import Attempt, Run, Runner, Task
from tests.oracle.world import World
from tests.support.scripted import KIND, ScriptedBackend
from workflows.audit.verify import verify_run
from workflows.errors import Conflict

INDEX = st.integers(0, 20)

CAPACITIES = st.sampled_from([None, 1, 2])
MAY_REFUSE = ["near", "far", "s0", "s1", "s2"]
"""Runners that may refuse everything, and names of tasks that may be refused."""

Act = Callable[[], Any]


class SideBySide(RuleBasedStateMachine):
    """One or two runs and three runners, in the product and in the model."""

    steps: ClassVar[int] = 0
    """How many steps were taken, in all examples."""

    @initialize(
        drawn=st.lists(drawings(), min_size=1, max_size=2),
        capacity=CAPACITIES,
        refused=st.sets(st.sampled_from(MAY_REFUSE), max_size=2),
    )
    def begin(self, drawn: list[Drawing], capacity: int | None, refused: set[str]) -> None:
        """Create the runs, with some refusals in place."""
        self.world = World()
        self.runners = {name: Runner(name, claims=name == "local") for name in RUNNERS}
        RunnerRow.objects.create(name="near", kind=KIND)
        RunnerRow.objects.create(name="far", kind=KIND)
        RunnerRow.objects.filter(name="local").update(capacity=None, is_enabled=True)
        for drawing in drawn:
            self._create(drawing)
        self.change_capacity("near", capacity)
        for name in sorted(refused):
            self.change_refusals(name)

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
        """Do the same in both; return both answers, or None if both refuse."""
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
        # Prefer a task that allows the operation; now and then take any.
        likely = [task for task in tasks if task.state in states]
        some = likely if likely and index < 17 else tasks
        return some[index % len(some)]

    @property
    def _attempts(self) -> list[Attempt]:
        return [a for run in self.world.runs for task in run.tasks for a in task.attempts]

    @rule(name=st.sampled_from(RUNNERS), capacity=CAPACITIES)
    def change_capacity(self, name: str, capacity: int | None) -> None:
        """Change the capacity of a runner."""
        self.runners[name].capacity = capacity
        RunnerRow.objects.filter(name=name).update(capacity=capacity)

    @rule(name=st.sampled_from(MAY_REFUSE))
    def change_refusals(self, name: str) -> None:
        """Let a runner refuse everything, or some tasks; or accept them again."""
        refusals, script = self.world.refusals, ScriptedBackend.script
        if name in script.refusals:
            script.accept(name)
            refusals.pop(name, None)
        else:
            script.refuse(name, f"{name} has no space")
            refusals[name] = f"{name} has no space"
        if name in self.runners:
            self.runners[name].refusal = script.refusals.get(name, "")

    @invariant()
    def product_and_model_agree(self) -> None:
        """Compare runs, tasks and attempts."""
        SideBySide.steps += 1
        ids = [run.pk for run in self.world.runs]
        runs, tasks = product.states_of(ids)
        made = product.attempts(ids)
        for run in self.world.runs:
            found = run.deadlock()
            deadlock = ({task.pk for task in found[0]}, found[1]) if found else None
            assert runs[run.pk] == (run.state, deadlock)
            for task in run.tasks:
                flags = (task.is_held, task.is_asked, task.is_marked, task.is_unwanted)
                assert tasks[task.pk] == (task.state, *flags), task.name
                rows = made.get(task.pk, [])
                assert [status for _, status in rows] == [a.status for a in task.attempts]
                for attempt, (pk, _) in zip(task.attempts, rows, strict=True):
                    attempt.pk = pk

    def teardown(self) -> None:
        """Verify the runs of the example, then delete them."""
        try:
            for run in getattr(self, "world", World()).runs:
                assert [finding.sentence for finding in verify_run(run.pk)] == []
        finally:
            product.clear()
            ScriptedBackend.script.refusals.clear()
            ScriptedBackend.script.submitted.clear()
