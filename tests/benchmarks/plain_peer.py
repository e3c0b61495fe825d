"""A peer that executes steps one after the other, and fails at some workloads on purpose."""

from threading import Event

from benchmarks.peers.protocol import NotSupported, RunOnce, Workload, call, serve


def prepare(work: Workload) -> RunOnce:
    """Return a loop over the steps."""
    if work.name == "unknown":
        raise NotSupported("no such thing")
    if work.name == "lost":
        return lambda: len(work.graph) - 1
    if work.name == "slow":
        return lambda: len(work.graph) + int(Event().wait(60))
    print("what a peer prints is no answer")  # noqa: T201 (on purpose)
    return lambda: sum(call(work.function) for _ in work.order())


if __name__ == "__main__":
    serve(prepare)
