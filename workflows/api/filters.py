"""What each list can be filtered by."""

from django import forms
from django_filters import rest_framework as filters

from workflows.models import ApprovalStatus, EventType, RunState, TaskState
from workflows.runs.locks import LARGEST_ID


class IdFilter(filters.Filter):
    """The id of something, within what a database can compare."""

    field_class = forms.IntegerField

    def __init__(self, field_name: str | None = None, lookup_expr: str = "exact") -> None:
        """Filter by a column."""
        super().__init__(field_name, lookup_expr, min_value=0, max_value=LARGEST_ID)


class TemplateFilters(filters.FilterSet):
    """Filters of workflow templates."""

    name = filters.CharFilter()


class RunFilters(filters.FilterSet):
    """Filters of workflow runs."""

    status = filters.MultipleChoiceFilter(field_name="state", choices=RunState.choices)
    workflow_template_id = IdFilter(field_name="template_id")
    initiated_by = filters.CharFilter()
    created_at_after = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="gte")
    created_at_before = filters.IsoDateTimeFilter(field_name="created_at", lookup_expr="lt")


class TaskFilters(filters.FilterSet):
    """Filters of tasks."""

    run_id = IdFilter()
    status = filters.MultipleChoiceFilter(field_name="state", choices=TaskState.choices)
    step_id = filters.CharFilter()


class ApprovalFilters(filters.FilterSet):
    """Filters of approvals."""

    status = filters.MultipleChoiceFilter(choices=ApprovalStatus.choices)
    run_id = IdFilter(field_name="task__run_id")
    task_id = IdFilter()


class EventFilters(filters.FilterSet):
    """Filters of events."""

    run_id = IdFilter()
    task_id = IdFilter()
    event_type = filters.MultipleChoiceFilter(choices=EventType.choices)
    after = IdFilter(field_name="id", lookup_expr="gt")


class RunnerFilters(filters.FilterSet):
    """Filters of runners."""

    name = filters.CharFilter()
    kind = filters.CharFilter()
