"""Times workloads, each alternately with the bare loop on the same database."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clock import Clock, forget_peak_memory, peak_memory_mb
from benchmarks.figures import Figure
from benchmarks.reference import Reference
from runners.slots.pool import SlotPool

RunOnce = Callable[[Clock], object]
"""Runs a workload once, with the clock around the measured part."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large the workloads are."""

    repeat: int = 3
    chain: int = 40
    fan: int = 200
    spread: int = 10_000
    commands: int = 500
    expand: Sequence[int] = (1_000, 10_000)
    at: Sequence[int] = (10, 100, 1_000, 10_000)
    """Sizes of the runs in which one task is dispatched or reported."""
    calls: int = 30
    requests: int = 200


QUICK = Scale()
FULL = Scale(expand=(1_000, 10_000, 100_000), at=(10, 100, 1_000, 10_000, 100_000), repeat=5)
SMALLEST = Scale(1, 3, 3, 3, 3, (10,), (10,), 2, 4)
"""Checks that each workload runs; its figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What every workload needs: the database, the sizes, the bare loop and the slots."""

    url: str
    scale: Scale
    reference: Reference
    slots: SlotPool
    recordings: Sequence[Path] = ()
    """Files in WfFormat."""

    def measure(
        self, name: str, tasks: int, once: RunOnce, *, times: int = 0, counts: bool = True
    ) -> Figure:
        """
        Time a workload several times, each time after a lap of the bare loop.

        One untimed run comes first.

        :param tasks: how many tasks the workload does each time.
        :param times: how often to time it, instead of the scale's `repeat`.
        :param counts: count the statements of the untimed run; those of other processes cannot be.
        """
        figure = Figure(name, tasks)
        once(clock := Clock(counts=counts))
        if counts:
            figure.statements = clock.statements
        forget_peak_memory()
        for _ in range(times or self.scale.repeat):
            figure.bare.append(self.reference.lap(tasks))
            once(clock := Clock())
            figure.seconds.append(clock.seconds)
        figure.peak_mb = peak_memory_mb()
        return figure
