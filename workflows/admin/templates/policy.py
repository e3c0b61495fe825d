"""The page on which it is changed how long the runs of a template are kept."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from runners.forms import TextBoundField
from workflows.admin.retention.rules import POLICY, kept
from workflows.admin.templates.builder import BuilderViews
from workflows.admin.templates.step_page import CHANGE
from workflows.admin.ui.base import AnyModelForm, actor
from workflows.db.doors import durably
from workflows.models import TemplatePolicy
from workflows.operations.policy import COLUMNS, policy_of, set_policy
from workflows.retention.limits import LOGS, RUNS, Subject
from workflows.sites import admin_url


class PolicyForm(AnyModelForm):
    """How long runs of a template and their logs are kept."""

    bound_field_class = TextBoundField

    class Meta:
        model = TemplatePolicy
        fields = COLUMNS
        labels = {"keep_runs_days": "Days to keep runs", "keep_logs_days": "Days to keep logs"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer numbers of days."""
        super().__init__(*args, **kwargs)
        for subject, field in ((RUNS, "keep_runs_days"), (LOGS, "keep_logs_days")):
            self.fields[field].help_text = _help(subject)


def _help(subject: Subject) -> str:
    return (
        f"After the end of a run. 0: forever. Empty: as the setting {subject.setting} says "
        f"({kept(subject.default_days)})."
    )


class PolicyViews(BuilderViews):
    """The page on which the policy of a template is changed."""

    def get_urls(self) -> list[URLPattern]:
        """Add the page."""
        view = self.admin_site.admin_view(self.policy_view)
        return [path("<int:template_id>/policy/", view, name=POLICY), *super().get_urls()]

    def policy_view(self, request: HttpRequest, template_id: int) -> HttpResponse:
        """Show the policy of a template; a POST stores it."""
        template = self._template(request, template_id)
        if not request.user.has_perm(CHANGE):
            raise PermissionDenied(f"This needs the permission {CHANGE}.")
        form = PolicyForm(request.POST or None, instance=policy_of(template_id))
        if form.is_valid():
            durably(set_policy, template_id, form.cleaned_data, by=actor(request))
            self.message_user(request, f"Stored, and counts at once: {template}.", messages.SUCCESS)
            return HttpResponseRedirect(admin_url("workflows_runrecord_changelist"))
        context = {
            **self.admin_site.each_context(request),
            "title": f"How long runs of {template} are kept",
            "opts": self.opts,
            "template": template,
            "form": form,
            "retention_url": admin_url("workflows_runrecord_changelist"),
        }
        return TemplateResponse(request, "workflows/workflowtemplate/policy.html", context)
