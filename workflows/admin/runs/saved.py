"""Saved views of the list of runs: a search with a name, beside the filters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.safestring import SafeString

from runners.forms import TextBoundField
from workflows.admin.ui.base import AnyModelForm, StyledAdmin, actor
from workflows.admin.ui.display import link, list_url
from workflows.insight.durations import SLOW
from workflows.models import SavedView, WorkflowRun
from workflows.models.actor import Actor
from workflows.search.find import everything, search
from workflows.search.syntax import BadSearch, quoted

MOST_OFFERED = 50
VIEW_RUNS = "workflows.view_workflowrun"


@dataclass(frozen=True, slots=True)
class Tab:
    """A view of the list of runs, above it."""

    name: str
    url: str
    is_current: bool
    count: str = ""
    """The key of its number in `attention_counts`; empty if it has none."""


def tabs_of(request: HttpRequest, given: Mapping[str, str]) -> list[Tab]:
    """
    Return the views that everybody has, and those that the reader has saved or others share.

    :param given: what the list is narrowed by.
    """
    person = actor(request)
    name = request.user.get_username()
    saved = SavedView.objects.seen_by(person)[:MOST_OFFERED]
    views: list[tuple[str, dict[str, str], str]] = [
        ("All", {}, ""),
        ("Failed or stuck", {"attention": "failed"}, "runs"),
        ("Mine", {"q": f"by:{quoted(name)}"}, ""),
        ("Failed today", {"q": "state:failed after:today"}, ""),
        ("Slow this week", {"q": f"slow:{SLOW} after:7d"}, ""),
        *((_name_of(view, person.user), {"q": view.query}, "") for view in saved),
    ]
    return [
        Tab(name, list_url(WorkflowRun, **query), is_current=given == query, count=count)
        for name, query, count in views
    ]


class SavedViewForm(AnyModelForm):
    """A search and its name."""

    bound_field_class = TextBoundField
    person: Actor
    """Who edits it, and owns it if it is new."""

    class Meta:
        model = SavedView
        fields = ("name", "query", "is_shared")

    def clean_query(self) -> str:
        """Return the search, if it can be understood."""
        query = str(self.cleaned_data["query"])
        try:
            search(query, WorkflowRun.objects.none(), may=everything)
        except BadSearch as refusal:
            raise ValidationError(refusal.sentence) from refusal
        return query

    def clean(self) -> dict[str, Any]:
        """Refuse a name that the owner has given to another view."""
        named = SavedView.objects.filter(name=self.cleaned_data.get("name"))
        others = named.filter(owner=self.instance.owner or self.person.user)
        if others.exclude(pk=self.instance.pk).exists():
            self.add_error("name", "You have another view of this name.")
        return self.cleaned_data


class SavedViewAdmin(StyledAdmin):
    """Each person edits the views that they have saved, and sees those that others share."""

    form = SavedViewForm
    list_display = ("name", "runs_shown", "is_shared", "owner_name")
    when_empty = "There is no saved view yet. Search the list of runs, and save the search."

    def get_queryset(self, request: HttpRequest) -> QuerySet[SavedView]:
        """Return the views that the reader may use."""
        return SavedView.objects.seen_by(actor(request))

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Return True for whoever may see runs."""
        return request.user.has_perm(VIEW_RUNS)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return True for whoever may see runs."""
        return request.user.has_perm(VIEW_RUNS)

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return True for whoever may see runs."""
        return request.user.has_perm(VIEW_RUNS)

    def has_change_permission(self, request: HttpRequest, obj: SavedView | None = None) -> bool:
        """Return True for the owner of a view, who still may see runs."""
        is_own = obj is None or obj.owner == actor(request).user
        return is_own and request.user.has_perm(VIEW_RUNS)

    def has_delete_permission(self, request: HttpRequest, obj: SavedView | None = None) -> bool:
        """Return True for the owner of a view; lists delete none, which may be of others."""
        return obj is not None and self.has_change_permission(request, obj)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form class, which was made for this request alone, with its reader."""
        form: Any = super().get_form(request, obj, change=change, **kwargs)
        form.person = actor(request)
        return form

    def save_model(self, request: HttpRequest, obj: SavedView, form: Any, change: bool) -> None:
        """Save the view as its owner's."""
        if not change:
            obj.owner, obj.owner_name = form.person.user, form.person.name
        obj.save()

    def response_add(
        self, request: HttpRequest, obj: SavedView, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Return to the list of runs, as the view shows it."""
        self.message_user(request, f"The view “{obj}” is saved.", messages.SUCCESS)
        return HttpResponseRedirect(list_url(WorkflowRun, q=obj.query))

    @admin.display(description="runs")
    def runs_shown(self, view: SavedView) -> SafeString:
        """Return a link to the runs that the view shows."""
        return link(list_url(WorkflowRun, q=view.query), view.query)


def _name_of(view: SavedView, reader: str) -> str:
    return view.name if view.owner == reader else f"{view.name} ({view.owner_name})"
