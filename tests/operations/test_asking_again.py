"""What was approved asks again after a reset, unless the template says otherwise."""

import pytest

from tests.support.actors import who
from tests.support.drawing import steps_of
from tests.support.verbs import dispatch_all, finish, states, task, trail, walk
from workflows import operations
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template
from workflows.insight.explain import explain, explain_task
from workflows.models import Approval, WorkflowRun, WorkflowTemplate
from workflows.operations import preview
from workflows.operations.tasks import mark_success, retry_downstream
from workflows.runs.creation import create_run, create_task

pytestmark = pytest.mark.django_db


def gated(drawing: str, *gates: str, **template: object) -> WorkflowRun:
    """Return a run in which these steps need an approval."""
    steps = [{**step, "requires_approval": step["step_id"] in gates} for step in steps_of(drawing)]
    spec = parse_template({"name": "gated", "steps": steps, **template})
    return create_run(template_id=create_template(spec).pk, by=who("ada"))


def approve(run: WorkflowRun, *step_ids: str) -> None:
    for step_id in step_ids:
        pending = Approval.objects.get(task=task(run, step_id), status="pending")
        operations.approve(pending.pk, by=who("bob"))


def asked(run: WorkflowRun, step_id: str) -> list[tuple[str, str]]:
    rows = Approval.objects.filter(task=task(run, step_id)).order_by("id")
    return list(rows.values_list("status", "reason"))


def test_every_gate_that_is_reset_and_every_approved_one_after_it_asks_again() -> None:
    #   ┌─ b ─ c ─ d
    # a
    #   └─ e (of another branch)
    run = gated("a > b > c > d, a > e", "b", "d", "e")
    approve(run, "b", "d", "e")
    walk(run, "a", "b")
    before = len(trail(run))

    reset = retry_downstream(task(run, "b").pk, by=who("ada"))

    assert [gate.step_id for gate in reset.gates] == ["b", "d"]
    assert trail(run)[before:] == ["task.retried b", "approval.pending b", "approval.pending d"]
    assert asked(run, "b") == [("approved", ""), ("pending", "asked again because it was reset")]
    assert asked(run, "d") == [("approved", ""), ("pending", "asked again because `b` was reset")]
    assert asked(run, "e") == [("approved", "")]
    assert dispatch_all(run) == ["e"]


def test_open_request_stays_the_only_one() -> None:
    run = gated("a > b", "b")
    walk(run, "a")

    assert retry_downstream(task(run, "a").pk, by=who("ada")).gates == ()

    assert asked(run, "b") == [("pending", "")]


def test_retry_of_what_failed_before_an_approved_gate_asks_nobody() -> None:
    run = gated("a > b", "b")
    approve(run, "b")
    dispatch_all(run)
    finish(run, "a", "failed")

    operations.retry(task(run, "a").pk, by=who("ada"))
    walk(run, "a", "b")

    assert states(run) == {"a": "success", "b": "success"}


def test_approval_that_lasts_as_long_as_the_run_is_never_asked_again() -> None:
    run = gated("a > b > c", "b", "c", approval_lasts="run")
    approve(run, "b")
    walk(run, "a", "b")

    retry_downstream(task(run, "a").pk, by=who("ada"))

    assert asked(run, "b") == [("approved", "")]
    assert asked(run, "c") == [("pending", "")]
    walk(run, "a", "b")


def test_setting_is_copied_to_the_run_and_kept_with_the_version() -> None:
    run = gated("a", "a", approval_lasts="run")
    template = WorkflowTemplate.objects.get(pk=run.template_id or 0)
    replace_template(template.pk, parse_template({"name": "t", "steps": steps_of("a")}))

    kept = template.versions.order_by("number").values_list("content__approval_lasts", flat=True)
    assert list(kept) == ["run", None]
    assert WorkflowRun.objects.get(pk=run.pk).approval_lasts == "run"
    assert create_run(template_id=template.pk, by=who("ada")).approval_lasts == "reset"


def test_run_of_tasks_takes_the_rules_of_its_label() -> None:
    label = gated("a", "a", approval_lasts="run", approver_must_differ=True).template_id
    made = create_task(title="alone", by=who("ada"))

    run = create_run(template_id=label, task_ids=[made.pk], by=who("ada"))

    assert (run.approver_must_differ, run.approval_lasts) == (True, "run")


def test_mark_success_of_an_open_gate_decides_its_approval() -> None:
    run = gated("a > b", "a")
    operations.cancel(task(run, "a").pk, by=who("ada"))

    mark_success(task(run, "a").pk, by=who("bob"), reason="seen")

    gate = task(run, "a")
    assert (gate.state, gate.awaits_approval, gate.unmet_count) == ("success", False, 0)
    decided = Approval.objects.get(task=gate)
    assert (decided.status, decided.decided_by, decided.comment) == ("approved", "bob", "seen")
    event = run.events.get(event_type="approval.approved")
    assert (event.actor, event.payload) == ("bob", {"by_mark_success": True})
    assert dispatch_all(run) == ["b"]


def test_mark_success_of_a_refused_gate_is_a_decision_of_its_own() -> None:
    run = gated("a > b", "a")
    operations.reject(Approval.objects.get(task=task(run, "a")).pk, by=who("bob"))

    mark_success(task(run, "a").pk, by=who("eve"), reason="after all")

    assert asked(run, "a") == [
        ("rejected", ""),
        ("approved", "asked again because it is marked success"),
    ]


def test_mark_success_after_approval_decides_nothing() -> None:
    run = gated("a", "a")
    approve(run, "a")
    dispatch_all(run)
    finish(run, "a", "failed")

    mark_success(task(run, "a").pk, by=who("ada"), reason="by hand")

    assert asked(run, "a") == [("approved", "")]


def test_explanation_says_why_a_gate_asks_again() -> None:
    run = gated("build > deploy > tell", "deploy")
    approve(run, "deploy")
    walk(run, "build", "deploy")
    retry_downstream(task(run, "build").pk, by=who("ada"))
    walk(run, "build")

    why = "asked again because `build` was reset"
    sentences = {each["step_id"]: each["sentence"] for each in explain(run.pk)["blocked"]}
    assert sentences == {
        "deploy": f"Waits for somebody to approve it ({why}).",
        "tell": f"Cannot start: `deploy` waits for approval ({why}).",
    }
    entry = explain_task(task(run, "deploy"))
    assert entry
    assert entry["sentence"] == sentences["deploy"]


def test_previews_say_which_approvals_are_asked_again_and_decided() -> None:
    run = gated("a > b > c", "b")
    operations.cancel(task(run, "b").pk, by=who("ada"))
    operations.cancel(task(run, "c").pk, by=who("ada"))

    of_gate = [each.sentence for each in preview.preview_mark_success([task(run, "b")])]
    behind = [each.sentence for each in preview.preview_mark_success([task(run, "c")])]
    mark_success(task(run, "b").pk, by=who("bob"), reason="seen")
    walk(run, "a")
    of_reset = [each.sentence for each in preview.preview_retry_downstream([task(run, "a")])]

    assert of_gate == ["1 task counts as approved by you"]
    assert behind == ["1 task before it that nobody has approved no longer holds back what follows"]
    assert of_reset[-1] == "1 task asks for approval again"
