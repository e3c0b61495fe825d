"""A trial changes no number, no bar, no usual time, no rule and no limit of its template."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from runners.models import Runner
from tests.support.actors import who
from tests.support.verbs import finish, start, walk
from workflows.admin.dashboard.finished import finished_context
from workflows.admin.templates.latest import latest_of
from workflows.audit.verify import examine_run
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.authoring.versions import runs_by_version
from workflows.insight.attention import attention_counts
from workflows.insight.comparison import run_to_compare_with
from workflows.insight.decision import Decision
from workflows.insight.durations import usual_of_runs, usual_of_step, usual_of_steps
from workflows.insight.history import history_of
from workflows.models import Approval, RunRecord, TemplateVersion, WorkflowRun
from workflows.operations import approve
from workflows.operations.policy import set_policy
from workflows.operations.trials import start_trial
from workflows.retention.limits import RUNS, due
from workflows.retention.removal import mark_removed
from workflows.runs.creation import create_run
from workflows.runs.trials import Draft
from workflows.signals import run_finished, task_failed

ANNA = who("anna")
SPEC = parse_template(
    {
        "name": "nightly",
        "steps": [
            {"step_id": "a", "title": "a", "payload": {"python": "noop"}},
            {
                "step_id": "b",
                "title": "b",
                "depends_on": ["a"],
                "requires_approval": True,
                "payload": {"python": "noop"},
            },
        ],
    }
)


def ended_run(template_id: int) -> WorkflowRun:
    run = create_run(template_id=template_id, by=ANNA)
    walk(run, "a")
    approve(Approval.objects.get(task__run=run).pk, by=who("eve"))
    walk(run, "b")
    return run


def told(run: WorkflowRun) -> dict[str, Any]:
    """Return everything that is said about the runs of a template, as it is now."""
    template_id = run.template_id or 0
    last = Approval.objects.select_related("task__run").get(task__run=run)
    finished = finished_context(lambda permission: True)
    tomorrow = timezone.now() + timedelta(days=2)
    return {
        "grid": history_of(template_id).runs,
        "bars": latest_of([template_id])[template_id].runs,
        "usual": usual_of_runs([template_id]),
        "usual of steps": usual_of_steps(template_id),
        "usual of a step": usual_of_step(last.task),
        "chart": (finished["finished"], finished["share"], finished["share_before"]),
        "by template": [each[0] for each in finished["template_rows"]],
        "attention": attention_counts(
            lambda permission: permission == "workflows.view_workflowrun"
        ),
        "compared with": getattr(run_to_compare_with(run), "pk", None),
        "last approved": getattr(Decision(last).last_approved, "pk", None),
        "by version": runs_by_version(TemplateVersion.objects.filter(template=template_id)),
        "due": [each.runs.count() for each in due(RUNS, tomorrow, templates=[template_id])],
    }


@pytest.mark.django_db(transaction=True)
def test_trial_counts_nowhere_not_even_when_it_is_removed(local: Runner) -> None:
    template = create_template(SPEC)
    set_policy(template.pk, {"keep_runs_days": 1}, by=ANNA)
    last = [ended_run(template.pk) for _ in range(6)][-1]
    before = told(last)
    assert len(before["grid"]) == 6
    heard: list[Any] = []

    def hear(**facts: Any) -> None:
        heard.append(facts)

    run_finished.connect(hear)
    task_failed.connect(hear)
    try:
        failed = start_trial(Draft(SPEC, template.pk, 1), by=ANNA)
        start(failed, "a")
        finish(failed, "a", "failed")
        done = start_trial(Draft(SPEC, template.pk, 1, step_id="b"), by=ANNA)
        approve(Approval.objects.get(task__run=done).pk, by=who("eve"))
        finish(done, "b")
    finally:
        run_finished.disconnect(hear)
        task_failed.disconnect(hear)
    states = WorkflowRun.objects.filter(trial__isnull=False).order_by("pk")
    assert list(states.values_list("state", flat=True)) == ["failed", "success"]
    assert (told(last), heard) == (before, [])

    trials = WorkflowRun.objects.filter(trial__isnull=False)
    assert mark_removed(trials, by=ANNA, reason="asked") == 2
    assert told(last) == before
    line = RunRecord.objects.get(pk=done.pk)
    assert (line.trial["step_id"], line.template_name) == ("b", "nightly (draft, step b)")
    assert examine_run(done.pk).findings == []
