"""The page of an approval: what goes out, what was said before it, and what either answer does."""

from typing import Any

from django.http import HttpRequest

from workflows.admin.actions.registry import REJECT
from workflows.admin.runs.compare import compare_url
from workflows.admin.runs.live import latest_event
from workflows.admin.runs.rows import given_parameters
from workflows.admin.ui.base import actor
from workflows.admin.ui.display import list_url, page_url
from workflows.admin.ui.holders import holders
from workflows.insight.attention import cannot_go_out
from workflows.insight.decision import Decision
from workflows.insight.phrases import counted
from workflows.insight.strip import strip_around
from workflows.models import Approval, ApprovalStatus, Task, WorkflowRun
from workflows.models.run import CLOSED, DISPATCHABLE
from workflows.operations.checks import DECIDE, check_decision
from workflows.sites import admin_url

MOST_APART = 5
MOST_DECIDED = 4
VIEW_RUN, VIEW_TASK, VIEW_ATTEMPT = (
    f"workflows.view_{model}" for model in ("workflowrun", "task", "taskattempt")
)


def approval_context(request: HttpRequest, approval: Approval) -> dict[str, Any]:
    """Return what the page shows, as far as its reader may see it."""
    may, decision = request.user.has_perm, Decision(approval)
    followed = _followed(decision.run) if decision.run and may(VIEW_RUN) else {}
    is_open = approval.status == ApprovalStatus.PENDING
    refusal = check_decision(approval, actor(request)) if may(DECIDE) else None
    return {
        **followed,
        "strip": strip_around(approval.task) if followed and may(VIEW_TASK) else [],
        "task": approval.task,
        "run": decision.run,
        "run_url": page_url(WorkflowRun, decision.run.pk) if decision.run else None,
        "task_url": page_url(Task, approval.task_id),
        "is_open": is_open,
        "may_decide": may(DECIDE) and is_open,
        "refusal": refusal.detail if refusal and is_open else "",
        "stands_still": _why_nothing_goes_out(approval) if is_open else "",
        **_who(approval),
        **(_what_goes_out(decision) if may(VIEW_RUN) else {}),
        **(_said(decision) if may(VIEW_TASK) and may(VIEW_ATTEMPT) else {}),
        **(_what_follows(approval) if is_open and may(VIEW_TASK) and not refusal else {}),
        "apart": list(cannot_go_out(_with_run()).exclude(pk=approval.pk)[:MOST_APART]),
        "apart_url": list_url(Approval, status="apart"),
        "decided": decision.earlier[:MOST_DECIDED] if may(VIEW_RUN) else [],
    }


def _followed(run: WorkflowRun) -> dict[str, Any]:
    """Return what an open page asks; read before the rest, so that it misses nothing."""
    changes = admin_url("workflows_workflowrun_changes", run.pk)
    return {"latest_event": latest_event(run.pk), "changes_url": changes}


def _with_run() -> Any:
    return Approval.objects.select_related("task__run").defer("task__payload").order_by("-pk")


def _why_nothing_goes_out(approval: Approval) -> str:
    """Return why a decision changes nothing for now; empty if it does."""
    run = approval.task.run
    if run is None or run.state in DISPATCHABLE:
        return ""
    if run.state in CLOSED:
        return f"The run is {run.state}: nothing goes out meanwhile."
    return "The run has failed elsewhere: nothing goes out until somebody retries what failed."


def _who(approval: Approval) -> dict[str, Any]:
    run = approval.task.run
    differs = bool(run and run.approver_must_differ)
    creator = run.creator.name if run else ""
    return {
        "asked_by": (run.initiated_by or creator) if run else "",
        "creator": creator,
        "four_eyes": differs,
        "holders": holders(DECIDE, but_for=creator if differs else ""),
    }


def _what_goes_out(decision: Decision) -> dict[str, Any]:
    """Return the parameters, and what has changed since the last run that was approved."""
    run, last, comparison = decision.run, decision.last_approved, decision.comparison
    if run is None:
        return {}
    change = comparison.template_change if comparison else None
    return {
        "shows_run": True,
        "last": last,
        "last_url": page_url(WorkflowRun, last.task.run_id) if last else None,
        "compare_url": compare_url(last.task.run_id, run.pk) if last else None,
        "parameters": comparison.parameters if comparison else [],
        "given": [] if comparison else list(given_parameters(run).items()),
        "secrets": run.secret_names,
        "new_version": change,
        "saved": decision.version_saved() if change else None,
    }


def _said(decision: Decision) -> dict[str, Any]:
    said, more = decision.upstream()
    return {"said": said, "more_said": more, "compares": decision.last_approved is not None}


def _what_follows(approval: Approval) -> dict[str, Any]:
    return {
        "if_approved": _after_approval(approval),
        "effects_rejected": REJECT.domain.preview([approval]),
    }


def _after_approval(approval: Approval) -> str:
    """Return what becomes of the task itself."""
    task, run = approval.task, approval.task.run
    if unmet := task.unmet_dependencies:
        return f"goes out once {counted(unmet, 'before it has', 'before it have')} succeeded"
    if task.is_held:
        return "stays on hold until somebody releases it"
    if run and run.state not in DISPATCHABLE:
        return "becomes ready, and waits for the run"
    if run and run.auto_dispatch:
        return "is dispatched at once"
    return "becomes ready, and goes out when somebody dispatches it"
