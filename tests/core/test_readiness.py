"""What is ready, and in which order."""

from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch, dispatch_all, finish, states, trail


def test_join_waits_for_both_arms(runs: DrawRun) -> None:
    #        ┌─ audit ─┐
    # extract           load
    #        └─ clean ─┘
    run = runs("extract > audit > load, extract > clean > load")
    assert dispatch_all(run) == ["extract"]
    finish(run, "extract")
    assert dispatch_all(run) == ["audit", "clean"]
    finish(run, "clean")
    assert dispatch(run).reason == "dependencies not satisfied"
    finish(run, "audit")
    assert dispatch_all(run) == ["load"]
    finish(run, "load")
    assert set(states(run).values()) == {"success"}
    assert trail(run)[-2:] == ["task.succeeded load", "workflow_run.succeeded"]
