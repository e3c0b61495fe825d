# /// script
# dependencies = ["luigi==3.8.1"]
# ///
"""Luigi in one process, one task at a time; nothing durable."""

from itertools import count

import luigi

from benchmarks.peers.protocol import Graph, RunOnce, Workload, call, serve

FUNCTIONS: dict[str, str] = {}
GRAPHS: dict[str, Graph] = {}
DONE: set[tuple[str, int, str]] = set()


class Step(luigi.Task):
    """A step of a run."""

    work = luigi.Parameter()
    run_id = luigi.IntParameter()
    step = luigi.Parameter()

    def requires(self) -> list["Step"]:
        """Return its upstream steps."""
        return [Step(self.work, self.run_id, upstream) for upstream in GRAPHS[self.work][self.step]]

    def complete(self) -> bool:
        """Return True if it is done."""
        return (self.work, self.run_id, self.step) in DONE

    def run(self) -> None:
        """Execute the step."""
        call(FUNCTIONS[self.work])
        DONE.add((self.work, self.run_id, self.step))


def prepare(work: Workload) -> RunOnce:
    """Return a function that builds the graph's leaves, each time in a new run."""
    FUNCTIONS[work.name], GRAPHS[work.name] = work.function, work.graph
    run_ids = count()

    def once() -> int:
        DONE.clear()
        run_id = next(run_ids)
        leaves = [Step(work.name, run_id, step) for step in work.leaves()]
        luigi.build(leaves, local_scheduler=True, workers=1, log_level="WARNING")
        return len(DONE)

    return once


if __name__ == "__main__":
    serve(prepare)
