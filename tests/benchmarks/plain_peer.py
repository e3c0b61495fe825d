"""A peer that executes the steps one after the other, and of `unknown` works none."""

from benchmarks.peers.protocol import NotOffered, Once, Work, call, serve


def prepare(work: Work) -> Once:
    """Return a loop over the steps."""
    if work.name == "unknown":
        raise NotOffered("no such thing")
    if work.name == "lost":
        return lambda: len(work.graph) - 1
    print("what a peer prints is no answer")  # noqa: T201 (on purpose)
    return lambda: sum(call(work.function) for _ in work.order())


if __name__ == "__main__":
    serve(prepare)
