"""How a run is told in the tab of a browser: a sign, its number, and the hue of the dot."""

from workflows.models import RunState, WorkflowRun

SIGNS = {
    RunState.CREATED: ("○", "quiet"),
    RunState.RUNNING: ("▶", "active"),
    RunState.PAUSED: ("⏸", "stopped"),
    RunState.SUCCESS: ("✓", "good"),
    RunState.FAILED: ("✗", "bad"),
    RunState.ABORTED: ("■", "stopped"),
}


def sign_of(run: WorkflowRun) -> str:
    """Return the sign of a run's state; of a failure also while other branches run."""
    return SIGNS[RunState.FAILED if _fails(run) else RunState(run.state)][0]


def tab_of(run: WorkflowRun) -> dict[str, str]:
    """Return `✗ 1284 release` or `▶ 5/9 1284 release`, and the hue."""
    done = ""
    if run.state == RunState.RUNNING:
        total = sum(run.task_counts.values())
        done = f"{run.success_count}/{total} "
    state = RunState.FAILED if _fails(run) else RunState(run.state)
    name = f"{run.pk} {run.template_name}".strip()
    return {"text": f"{SIGNS[state][0]} {done}{name}", "hue": SIGNS[state][1]}


def _fails(run: WorkflowRun) -> bool:
    return run.state == RunState.RUNNING and run.failed_count > 0
