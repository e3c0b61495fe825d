"""The columns of the list of runs, and what is read for all of its rows at once."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ORDER_VAR
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from workflows.admin.actions.model_admin import OperableAdmin
from workflows.admin.runs.drawn import drawn_link
from workflows.admin.runs.rows import given_parameters, parameters_shown
from workflows.admin.runs.saved import Tab, tabs_of
from workflows.admin.templates.overview import overview_url
from workflows.admin.templates.versions import version_url
from workflows.admin.ui.display import (
    EMPTY,
    chips,
    link,
    list_url,
    plain_badge,
    progress_bar,
    time_shown,
    took,
    took_bar,
)
from workflows.admin.ui.lists import BoundedList
from workflows.admin.ui.sentences import linked
from workflows.insight.durations import seconds_of_run, usual_of_runs
from workflows.insight.situation import Situation, situations
from workflows.models import RunState, WorkflowRun
from workflows.models.label import labels_of
from workflows.search.syntax import quoted

MOST_CHIPS = 2
"""Labels of a run in the list; its page has all of them."""
NOTHING = SafeString("<span></span>")
"""An empty cell, in which Django would put a dash."""
HUES = {
    RunState.FAILED: "bad",
    RunState.PAUSED: "stopped",
    RunState.ABORTED: "stopped",
}
"""The hue of the sentence on a run, by its state."""


class RunList(BoundedList):
    """A page of runs with what they wait for, read for all of them at once."""

    tabs: list[Tab]

    def get_results(self, request: HttpRequest) -> None:
        """Read the runs of the page, their situations, labels and usual durations."""
        super().get_results(request)
        self.result_list = list(self.result_list)
        standing = situations(self.result_list)
        labels = labels_of(run.pk for run in self.result_list)
        usual = usual_of_runs({run.template_id for run in self.result_list if run.template_id})
        for run in self.result_list:
            run.situation = standing[run.pk]
            run.chips = chips(labels.get(run.pk, {}), most=MOST_CHIPS)
            run.usual = usual.get(run.template_id)
        given = {key: value for key, value in self.params.items() if key != ORDER_VAR}
        self.tabs = tabs_of(request, given)


class RunListAdmin(OperableAdmin):
    """The columns."""

    list_display: Any = (
        "number",
        "state_shown",
        "template_shown",
        "parameters_listed",
        "why_shown",
        "by_shown",
        "began_shown",
        "took_shown",
        "progress_shown",
    )
    sorts = ("number", "began_shown")

    @admin.display(description="run", ordering="pk")
    def number(self, run: WorkflowRun) -> int:
        """Return the number of a run."""
        return run.pk

    @admin.display(description="state", ordering="state")
    def state_shown(self, run: Any) -> SafeString:
        """Return the state, with the reason as its title, and whether the run is set aside."""
        shown = plain_badge(run.state, run.state)
        aside = plain_badge("set aside", "refused") if run.is_set_aside else ""
        situation: Situation = run.situation
        return format_html('<span title="{}">{}{}</span>', situation.sentence, shown, aside)

    @admin.display(description="template", ordering="template_name")
    def template_shown(self, run: WorkflowRun) -> str | SafeString:
        """Return the template and the version that the run was made from."""
        if not run.template_name:
            return EMPTY
        if run.is_trial:
            return drawn_link(run)
        if run.template_id is None:
            return f"{run.template_name} (deleted)"
        named = link(overview_url(run.template_id), run.template_name)
        if not run.template_version:
            return format_html("{} as a label", named)
        version = version_url(run.template_id, run.template_version)
        return format_html("{} {}", named, link(version, f"v{run.template_version}"))

    @admin.display(description="parameters")
    def parameters_listed(self, run: Any) -> str | SafeString:
        """Return the first parameters and labels, each leading to the runs that have the same."""
        shown = parameters_shown(run)
        given = format_html_join(
            " ",
            '<a class="chip parameter" href="{}">{} <strong>{}</strong></a>',
            ((_with_parameter(run, name), name, text) for name, text in shown),
        )
        left_out = len(given_parameters(run)) - len(shown)
        more = format_html(' <span class="quiet">+{}</span>', left_out) if left_out > 0 else ""
        return format_html("{}{} {}", given, more, run.chips) if given or run.chips else NOTHING

    @admin.display(description="why")
    def why_shown(self, run: Any) -> str | SafeString:
        """Return the sentence about the run; nothing of one that succeeded."""
        situation: Situation = run.situation
        if run.state == RunState.SUCCESS:
            return NOTHING
        said = linked(situation.sentence, [task.as_json() for task in situation.tasks])
        hue = HUES.get(run.state, "quiet")
        text = '<div class="why" data-hue="{}" title="{}">{}</div>'
        return format_html(text, hue, situation.sentence, said)

    @admin.display(description="by")
    def by_shown(self, run: WorkflowRun) -> str:
        """Return who or what started the run."""
        return run.initiated_by or run.creator.name or EMPTY

    @admin.display(description="started", ordering="created_at")
    def began_shown(self, run: WorkflowRun) -> str | SafeString:
        """Return when the run was started, or created if it has not been."""
        return time_shown(run.started_at or run.created_at, "weekday")

    @admin.display(description="took, against usual")
    def took_shown(self, run: Any) -> str | SafeString:
        """Return how long the run took, and beside it how long its template usually takes."""
        seconds = None if run.state == RunState.CREATED else seconds_of_run(run)
        said = took(seconds, run.usual)
        if run.state != RunState.RUNNING or not run.usual or (seconds or 0) > run.usual:
            return format_html("{} {}", said, took_bar(seconds, run.usual))
        ends = (run.reopened_at or run.started_at) + timedelta(seconds=run.usual)
        return format_html("{}, ends about {}", said, time_shown(ends, "minutes"))

    @admin.display(description="progress")
    def progress_shown(self, run: WorkflowRun) -> str | SafeString:
        """Return how many tasks have succeeded; of a run that has, how many there are."""
        if run.state != RunState.SUCCESS:
            return progress_bar(run.task_counts)
        number = sum(run.task_counts.values())
        return f"{number:,} step{'' if number == 1 else 's'}"


def _with_parameter(run: WorkflowRun, name: str) -> str:
    value = run.parameters[name]
    text = value if isinstance(value, str) else str(value).lower()
    return list_url(WorkflowRun, q=f"param:{quoted(f'{name}={text}')}")
