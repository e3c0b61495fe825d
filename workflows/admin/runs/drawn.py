"""What pages say of a run that tried a draft, where others name their template."""

from typing import Any

from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString

from workflows.admin.ui.base import is_id
from workflows.admin.ui.display import link, page_url, run_link
from workflows.models import WorkflowRun, WorkflowTemplate


def drawn_link(run: WorkflowRun) -> str | SafeString:
    """Return what a trial is called, with a link to where its draft is drawn."""
    address = builder_url(run)
    return link(address, run.template_name) if address else run.template_name


def builder_url(run: WorkflowRun) -> str:
    """Return where the draft of a trial is drawn; empty for a template that was new."""
    facts = run.trial_facts
    if not _is_number(facts.get("template_id")):
        return ""
    step_id = facts.get("step_id")
    place = f"#{urlencode({'step': step_id})}" if step_id else ""
    return f"{page_url(WorkflowTemplate, facts['template_id'])}{place}"


def trial_note(run: WorkflowRun) -> SafeString:
    """Return what was tried, and with what; empty if the run is no trial."""
    facts = run.trial_facts
    if not facts:
        return SafeString("")
    of_step = format_html(" of step <strong>{}</strong>", facts.get("step_id") or "")
    version = facts.get("version")
    earlier = facts.get("results_of")
    return format_html(
        "A trial{}: it tried a draft{} and counts in no statistics{}.",
        of_step if facts.get("step_id") else "",
        format_html(" that began with version {}", version) if _is_number(version) else "",
        format_html("; it was given results of {}", run_link(earlier))
        if _is_number(earlier)
        else "",
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int) and is_id(str(value))
