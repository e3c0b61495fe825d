"""The list of templates: how their latest runs went, and a way to start the next one."""

from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from workflows.admin.templates.latest import latest_of
from workflows.admin.templates.overview import VIEW_RUNS, OverviewViews, overview_url, run_url
from workflows.admin.ui.display import EMPTY, link, time_shown
from workflows.models import WorkflowTemplate

OF_RUNS = ("bars_shown", "share_shown", "usual_shown", "lately_shown")
"""Columns for those who may view runs."""
LONGEST_DESCRIPTION = 120
MAY_RUN = "workflows.add_workflowrun"


class TemplateList(ChangeList):
    """A page of templates with their latest runs, read for all of them at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Read the templates of the page, and their runs."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        if request.user.has_perm(VIEW_RUNS):
            latest = latest_of([template.pk for template in self.result_list])
            for template in self.result_list:
                template.latest = latest[template.pk]


class TemplateListAdmin(OverviewViews):
    """The columns of the list."""

    list_display: Any = (
        "name_shown",
        *OF_RUNS,
        "steps_shown",
        "version_shown",
        "run_shown",
    )
    list_display_links = None

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows the latest runs."""
        return TemplateList

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave out what the reader may not see or do."""
        left_out = {*([] if request.user.has_perm(VIEW_RUNS) else OF_RUNS)}
        left_out |= set() if request.user.has_perm(MAY_RUN) else {"run_shown"}
        return [name for name in super().get_list_display(request) if name not in left_out]

    @admin.display(description="template", ordering="name")
    def name_shown(self, template: WorkflowTemplate) -> SafeString:
        """Return the name, which leads to the history, and what the template is for."""
        about = Truncator(template.description.split("\n")[0]).chars(LONGEST_DESCRIPTION)
        named = link(overview_url(template.pk), template.name)
        return format_html('{}<span class="about">{}</span>', named, about) if about else named

    @admin.display(description="last runs")
    def bars_shown(self, template: Any) -> str | SafeString:
        """Return the latest runs as bars."""
        return str(template.latest.bars)

    @admin.display(description="successful")
    def share_shown(self, template: Any) -> SafeString:
        """Return which share of them succeeded."""
        latest = template.latest
        return format_html('<strong data-hue="{}">{}</strong>', latest.hue, latest.share)

    @admin.display(description="usual")
    def usual_shown(self, template: Any) -> str:
        """Return how long a run usually takes."""
        return str(template.latest.usually)

    @admin.display(description="lately")
    def lately_shown(self, template: Any) -> str | SafeString:
        """Return how the latest ones compare with that."""
        text, is_slow = template.latest.lately
        return format_html('<span class="is-slow">{}</span>', text) if is_slow else text or EMPTY

    @admin.display(description="steps", ordering="step_count")
    def steps_shown(self, template: Any) -> int:
        """Return the number of steps."""
        return int(template.step_count)

    @admin.display(description="version", ordering="updated_at")
    def version_shown(self, template: WorkflowTemplate) -> SafeString:
        """Return the version, and how long ago it was saved."""
        return format_html("v{}, {}", template.version, time_shown(template.updated_at))

    @admin.display(description="")
    def run_shown(self, template: WorkflowTemplate) -> SafeString:
        """Return the button that starts a run."""
        label = f"Run {template.name}…"
        text = '<a class="button small" href="{}" aria-label="{}">Run…</a>'
        return format_html(text, run_url(template.pk), label)
