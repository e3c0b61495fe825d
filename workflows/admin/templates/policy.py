"""The page on which the policy of a template is changed: retention, limits and deadlines."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.forms import CharField
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from runners.forms import TextBoundField
from workflows.admin.retention.rules import POLICY, kept
from workflows.admin.templates.builder import BuilderViews
from workflows.admin.templates.step_page import CHANGE
from workflows.admin.ui.base import AnyModelForm, actor
from workflows.db.doors import durably
from workflows.errors import Invalid
from workflows.models import TemplatePolicy
from workflows.models.policy import LOCKS
from workflows.operations.policy import COLUMNS, LIMITS, check_settings, policy_of, set_policy
from workflows.retention.limits import LOGS, RUNS, Subject
from workflows.sites import admin_url


class PolicyForm(AnyModelForm):
    """How long runs are kept, how many are active at the same time, and when one is late."""

    bound_field_class = TextBoundField
    locks = CharField(
        required=False,
        label="Named locks",
        help_text=f"{LOCKS} Names, separated by commas: production-db, warehouse.",
    )

    class Meta:
        model = TemplatePolicy
        fields = (*COLUMNS, *LIMITS)
        labels = {
            "keep_runs_days": "Days to keep runs",
            "keep_logs_days": "Days to keep logs",
            "max_active_runs": "Runs at the same time",
            "expected_minutes": "Expected minutes",
            "late_at_usual": "Late at twice the usual time",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Offer numbers of days, and the names of the locks in one line."""
        super().__init__(*args, **kwargs)
        self.initial["locks"] = ", ".join(self.instance.lock_names)
        for subject, field in ((RUNS, "keep_runs_days"), (LOGS, "keep_logs_days")):
            self.fields[field].help_text = _help(subject)

    def clean_locks(self) -> list[str]:
        """Return the names."""
        names = [name.strip() for name in self.cleaned_data["locks"].split(",") if name.strip()]
        try:
            check_settings({"locks": names})
        except Invalid as exc:
            raise ValidationError(exc.fields["locks"]) from None
        return names


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
            "title": f"How long runs of {template} are kept, and how many are active",
            "opts": self.opts,
            "template": template,
            "form": form,
            "retention_url": admin_url("workflows_runrecord_changelist"),
        }
        return TemplateResponse(request, "workflows/workflowtemplate/policy.html", context)
