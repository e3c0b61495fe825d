"""The page of retention: how long everything is kept, what is due now, what the database weighs."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from workflows.models import RunRecord, TemplatePolicy, WorkflowRun
from workflows.models.policy import FOREVER
from workflows.operations.policy import COLUMNS
from workflows.retention.forecast import removals
from workflows.retention.limits import LOGS, RUNS, SECRETS
from workflows.retention.rounds import by_policy
from workflows.retention.weight import weigh
from workflows.sites import admin_url

CHANGE = "workflows.change_workflowtemplate"
POLICY = "workflows_workflowtemplate_policy"
MOST_TEMPLATES = 200
"""So many rules are shown."""
MOST_TABLES = 6


@dataclass(frozen=True, slots=True)
class Rule:
    """How long runs of a template are kept."""

    name: str
    url: str
    runs: str
    logs: str


def retention_context(request: HttpRequest) -> dict[str, Any]:
    """Return what the page shows; a constant number of statements."""
    now = timezone.now()
    rules, weight = by_policy(now), weigh(now)
    return {
        "defaults": [(each.name, kept(each.default_days)) for each in (RUNS, LOGS, SECRETS)],
        "rules": list(_rules(request)),
        "due_runs": removals(rules.runs()),
        "due_logs": removals(rules.logs()),
        "kept_runs": WorkflowRun.objects.exclude(kept_at=None).order_by("-kept_at")[
            :MOST_TEMPLATES
        ],
        "weight": filesizeformat(weight.bytes),
        "tables": [(name, filesizeformat(size)) for name, size in weight.tables[:MOST_TABLES]],
        "runs_stored": f"{weight.runs:,}",
        "runs_a_day": weight.runs_a_day,
        "by_days": [(days, filesizeformat(size)) for days, size in weight.by_days.items()],
    }


def kept(days: int | None, *, default: str = "") -> str:
    """Return a number of days in words."""
    if days is None:
        return default
    return "forever" if days == FOREVER else f"{days:,} {'day' if days == 1 else 'days'}"


def _rules(request: HttpRequest) -> Iterator[Rule]:
    """Yield the templates that say something else than the settings."""
    policies = TemplatePolicy.objects.select_related("template").order_by("template__name")
    for policy in policies.only("template__name", *COLUMNS)[:MOST_TEMPLATES]:
        url = admin_url(POLICY, policy.pk) if request.user.has_perm(CHANGE) else ""
        words = (kept(getattr(policy, name), default="as the setting says") for name in COLUMNS)
        yield Rule(policy.template.name, url, *words)


def removed_run_url(run_id: str) -> str | None:
    """Return the page of what stays of a removed run; None if there is no such run."""
    found = RunRecord.objects.filter(pk=run_id, line_number__isnull=False)
    return admin_url("workflows_runrecord_change", run_id) if found.exists() else None
