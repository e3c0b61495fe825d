"""What every workload is given, and how each is timed: in turn with the bare loop."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.clock import Clock, forget_peak_memory, peak_memory_mb
from benchmarks.figures import Figure
from benchmarks.product import Slots
from benchmarks.reference import Reference

Once = Callable[[Clock], object]
"""Does the workload once, with the clock around what counts."""


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
    """Tasks in the run of which one is dispatched, or reported."""
    calls: int = 30
    requests: int = 200


QUICK = Scale()
FULL = Scale(expand=(1_000, 10_000, 100_000), at=(10, 100, 1_000, 10_000, 100_000), repeat=5)
SMALLEST = Scale(1, 3, 3, 3, 3, (10,), (10,), 2, 4)
"""To see that everything works; the figures mean nothing."""


@dataclass(frozen=True, slots=True)
class Bench:
    """A measurement: on which database, how large, and beside what."""

    url: str
    scale: Scale
    reference: Reference
    slots: Slots
    recordings: Sequence[Path] = ()
    """Files in WfFormat."""

    def measure(
        self, name: str, tasks: int, once: Once, *, times: int = 0, counts: bool = True
    ) -> Figure:
        """
        Time a workload several times, each time after a lap of the bare loop.

        It is done once before, which is not timed.

        :param tasks: done each time.
        :param times: how often, instead of the scale's.
        :param counts: count the statements then; those of other processes cannot be counted.
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
