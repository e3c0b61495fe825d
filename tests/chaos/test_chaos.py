"""Under random kills and faults states stay consistent and nothing runs twice."""

import json
import os
from collections import Counter

import pytest
from django.core.management import call_command

from tests.chaos.conftest import SETTLE_WITHIN_S, World
from tests.management.conftest import wait_for
from workflows.models import Event, TaskAttempt, WorkflowRun

SECONDS = int(os.environ.get("CHAOS_SECONDS", "25"))


def figures(world: World, settled_s: float) -> dict[str, object]:
    """Return the counts of faults, runs, attempts and events."""
    kinds = ["task.lost", "task.submit_failed", "task.report_refused", "task.canceled"]
    kinds += ["task.retried", "task.failed"]
    events = Event.objects.filter(event_type__in=kinds).values_list("event_type", flat=True)
    return {
        "seconds": SECONDS,
        **world.storm.done,
        "processes started": sum(len(actor.starts) for actor in world.storm.actors),
        "runs": WorkflowRun.objects.count(),
        "attempts": TaskAttempt.objects.count(),
        "commands and submissions started": world.started().total(),
        **Counter(events),
        "settled after (s)": round(settled_s, 1),
    }


@pytest.mark.postgres
@pytest.mark.timeout(SECONDS + 3 * SETTLE_WITHIN_S)
def test_every_run_succeeds_and_verifies_after_random_kills(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.begin()
    world.storm.blow(SECONDS, meanwhile=world.create_runs)
    settled_s = world.settle()
    for actor in world.storm.actors:
        actor.end()
    with capsys.disabled():
        print("\n" + json.dumps(figures(world, settled_s), indent=1))  # noqa: T201 (for people)

    call_command("verify_run", "--all")
    started = world.started()
    attempts = {str(attempt.pk): attempt for attempt in TaskAttempt.objects.all()}
    assert [key for key, n in started.items() if n > 1] == []
    assert started.keys() <= attempts.keys()
    for key, attempt in attempts.items():
        marks = attempt.runner_kind == "http" or "command" in attempt.payload
        if attempt.outcome == "success" and marks:
            assert started[key] == 1, f"{attempt} is no success"
        # A host that neither answered nor could be polled counts as one that refused.
        if attempt.outcome == "refused" and attempt.runner_kind != "http":
            assert not started[key], f"{attempt} was not refused"
    wait_for(lambda: not world.processes_left())
