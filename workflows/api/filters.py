"""The filters of each list."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ValidationError

from workflows.api.pagination import PAGES
from workflows.api.wording import MOMENT, PLUS, form_errors
from workflows.models import ApprovalStatus, RunState, TaskState, WorkflowRun
from workflows.models.choices import Literal, among
from workflows.models.event import event_type_choices
from workflows.payloads.suggestions import unknown
from workflows.runs.locks import LARGEST_ID
from workflows.search.find import search
from workflows.search.syntax import BadSearch

CREATED = ("created_at_after", "created_at_before")


class IdFilter(filters.Filter):
    """An id, within the range that databases can compare."""

    field_class = forms.IntegerField

    def __init__(
        self, help_text: str, field_name: str | None = None, lookup_expr: str = "exact"
    ) -> None:
        """Filter by a column."""
        super().__init__(
            field_name, lookup_expr, help_text=help_text, min_value=0, max_value=LARGEST_ID
        )


class TextFilter(filters.CharFilter):
    """Exactly this text, also where `FILTERS_DEFAULT_LOOKUP_EXPR` of the project says otherwise."""

    def __init__(self, *, lookup_expr: str = "exact", **kwargs: Any) -> None:
        """Filter by a column."""
        super().__init__(lookup_expr=lookup_expr, **kwargs)


class MomentField(IsoDateTimeField):
    """A moment that still is one in UTC, as the databases compare it."""

    def to_python(self, value: Any) -> Any:
        """Return the moment in UTC."""
        try:
            moment = super().to_python(value)
        except forms.ValidationError as exc:
            hint = PLUS if " " in str(value) else ""
            raise forms.ValidationError(f"Not a valid moment: {MOMENT}{hint}.") from exc
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as exc:
            raise forms.ValidationError("This moment is too far away.") from exc


class MomentFilter(filters.IsoDateTimeFilter):
    """A moment, in ISO 8601."""

    field_class = MomentField

    def filter(self, qs: QuerySet[Any], value: datetime | None) -> QuerySet[Any]:
        """Return the rows of the span; see `Literal`."""
        return super().filter(qs, value and Literal(value))


class ChoicesFilter(filters.MultipleChoiceFilter):
    """One or several of the values that a column may have."""

    def filter(self, qs: QuerySet[Any], value: list[str]) -> QuerySet[Any]:
        """Return the rows that have one of the values."""
        return qs.filter(among(qs.model, str(self.field_name), value)) if value else qs


class ListFilters(filters.FilterSet):
    """Filters of a list that may be long: each is answered by an index in the list's order."""

    orders: Mapping[str, Sequence[str]] = {}
    """How the list is ordered if it is filtered so; the first that is given counts."""

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that match, in the order of the index that finds them."""
        rows: QuerySet[Any] = super().filter_queryset(queryset)
        given = {name for name, value in self.form.cleaned_data.items() if value is not None}
        order = next((order for name, order in self.orders.items() if name in given), ())
        return rows.order_by(*order) if order else rows


class TemplateFilters(filters.FilterSet):
    """Filters of workflow templates."""

    name = TextFilter(help_text="Templates of exactly this name.")


class RunFilters(ListFilters):
    """Filters of workflow runs."""

    orders = dict.fromkeys(CREATED, ("-created_at", "-id"))

    status = ChoicesFilter(
        field_name="state",
        choices=RunState.choices,
        help_text="Runs in this state; may be given several times.",
    )
    workflow_template_id = IdFilter("Runs of this template.", field_name="template_id")
    initiated_by = TextFilter(help_text="Runs with exactly this `initiated_by`.")
    q = TextFilter(
        method="search",
        help_text="A search as in the console: `state:failed label:team=data by:anna`.",
    )
    created_at_after = MomentFilter(
        field_name="created_at", lookup_expr="gte", help_text="Runs created then or later."
    )
    created_at_before = MomentFilter(
        field_name="created_at", lookup_expr="lt", help_text="Runs created earlier."
    )

    def search(self, runs: QuerySet[WorkflowRun], name: str, value: str) -> QuerySet[WorkflowRun]:
        """Return the runs that fit a search."""
        try:
            user: Any = getattr(self.request, "user", None)
            found = search(value, runs, may=user.has_perm)
        except BadSearch as refusal:
            raise ValidationError({name: [refusal.sentence]}) from refusal
        self.request.search_remark = found.remark  # type: ignore[union-attr]
        return found.runs


class TaskFilters(ListFilters):
    """Filters of tasks."""

    orders = {"run_id": ("position", "id")}

    run_id = IdFilter("Tasks of this run.")
    status = ChoicesFilter(
        field_name="state",
        choices=TaskState.choices,
        help_text="Tasks in this state; may be given several times.",
    )
    step_id = TextFilter(help_text="Tasks of exactly this step.")
    after = IdFilter("Tasks with a greater id.", field_name="id", lookup_expr="gt")
    before = IdFilter("Tasks with a smaller id.", field_name="id", lookup_expr="lt")


class ApprovalFilters(ListFilters):
    """Filters of approvals."""

    orders = dict.fromkeys(CREATED, ("created_at", "id"))

    status = ChoicesFilter(
        choices=ApprovalStatus.choices,
        help_text="Approvals in this state; may be given several times.",
    )
    run_id = IdFilter("Approvals of the tasks of this run.", field_name="task__run_id")
    task_id = IdFilter("Approvals of this task.")
    created_at_after = MomentFilter(
        field_name="created_at", lookup_expr="gte", help_text="Approvals asked for then or later."
    )
    created_at_before = MomentFilter(
        field_name="created_at", lookup_expr="lt", help_text="Approvals asked for earlier."
    )


class EventFilters(ListFilters):
    """Filters of events."""

    orders = {
        **dict.fromkeys(("run_id", "task_id"), ("id",)),
        **dict.fromkeys(CREATED, ("created_at", "id")),
    }

    run_id = IdFilter("Events of this run.")
    task_id = IdFilter("Events of this task.")
    event_type = ChoicesFilter(
        choices=event_type_choices,
        help_text="Events of this type, such as `task.failed`; may be given several times.",
    )
    after = IdFilter(
        "Events after the one with this id: to follow a run, the last that you have seen.",
        field_name="id",
        lookup_expr="gt",
    )
    before = IdFilter("Events before the one with this id.", field_name="id", lookup_expr="lt")
    created_at_after = MomentFilter(
        field_name="created_at", lookup_expr="gte", help_text="Events of then or later."
    )
    created_at_before = MomentFilter(
        field_name="created_at", lookup_expr="lt", help_text="Earlier events."
    )


class RunnerFilters(filters.FilterSet):
    """Filters of runners."""

    name = TextFilter(help_text="The runner of exactly this name.")
    kind = TextFilter(help_text="Runners of this kind.")


class StrictFilterBackend(DjangoFilterBackend):
    """Refuses filters that do not exist or have no value, instead of ignoring them."""

    def filter_queryset(self, request: Any, queryset: QuerySet[Any], view: Any) -> QuerySet[Any]:
        """Return the rows that match all filters of the request."""
        filterset: Any = self.get_filterset(request, queryset, view)
        problems = dict(_problems(request.query_params, filterset.filters))
        if problems := form_errors(filterset.form) | view.paginator.problems(request) | problems:
            raise ValidationError(problems)
        filtered: QuerySet[Any] = filterset.qs
        return filtered


def _problems(query: QueryDict, known: dict[str, Any]) -> Iterator[tuple[str, list[str]]]:
    for name, values in query.lists():
        if name not in known and name not in PAGES:
            yield name, [unknown("filter", name, [*known, *PAGES])]
        elif "" in values:
            yield name, ["Give a value, or leave the filter out."]
        elif len(values) > 1 and not isinstance(known.get(name), filters.MultipleChoiceFilter):
            yield name, ["Give one value; this filter cannot be given several times."]
