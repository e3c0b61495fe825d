"""What the pages of the admin share."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from workflows.errors import Invalid, WorkflowError
from workflows.models.actor import Actor

if TYPE_CHECKING:
    AnyAdmin = admin.ModelAdmin[Any]
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyAdmin = admin.ModelAdmin
    AnyModelForm = forms.ModelForm


LONGEST_ID = 19
"""Digits of the first number that no row can have."""


def actor(request: HttpRequest) -> Actor:
    """Return who acts, as the trail names them."""
    return Actor.of(request.user, via="web")


def page_of(rows: QuerySet[Any], request: HttpRequest, size: int = 25) -> Page[Any]:
    """Return the page of a list that stands on another row's page; `?page=` says which."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


class StyledAdmin(AnyAdmin):
    """A model with our stylesheet."""

    list_per_page = 50
    when_empty = "There is nothing here yet."
    """What a list without rows says: what to do next."""

    class Media:
        css = {"all": ["workflows/admin.css"]}

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page of a row shows besides its fields; None is a row still to come."""
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what `page_context` returns."""
        context.update(self.page_context(request, kwargs.get("obj")))
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnlyAdmin(StyledAdmin):
    """A model that is looked at; nobody adds, edits or deletes it here, superusers included."""

    # These tables grow large: no second count of everything, no counts beside each filter.
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody."""
        return False


class RefusableForm(AnyModelForm):
    """A form that can show what the domain refused."""

    refusal: WorkflowError | None = None

    def clean(self) -> dict[str, Any]:
        """Show the refusal, at its field where there is one."""
        if isinstance(self.refusal, Invalid):
            for name, texts in self.refusal.fields.items():
                field = name if name in self.fields else None
                self.add_error(field, [forms.ValidationError(text) for text in texts])
        elif self.refusal:
            self.add_error(None, self.refusal.detail)
        return self.cleaned_data


class RefusableAdmin(StyledAdmin):
    """A model that is stored by the domain: what it refuses becomes errors of the form."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form again if the domain refused it; nothing is kept of the first time."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except WorkflowError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[AnyModelForm]:
        """Return the form, with the refusal that it is shown for."""
        form = super().get_form(request, obj, change=change, **kwargs)
        # The class was made for this request: it may remember what is wrong with it.
        form.refusal = getattr(request, "refusal", None)  # type: ignore[attr-defined]
        return form


class RowFilter(admin.SimpleListFilter):
    """The rows of one other row, such as the tasks of a run; shown while it is in the address."""

    path = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the one that is chosen, beside Django's own "All"."""
        return [(value, f"{self.title} {value}")] if (value := self.value()) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows of the chosen one."""
        if (value := self.value()) is None:
            return queryset
        return queryset.filter(**{self.path: value}) if is_id(value) else queryset.none()


class AttentionFilter(admin.SimpleListFilter):
    """What needs a hand, as the dashboard counts it."""

    title = "attention"
    parameter_name = "attention"
    choice = ("", "")

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the one choice, beside Django's own "All"."""
        return [self.choice]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep what needs a hand, if that is chosen."""
        if self.value() != self.choice[0]:
            return queryset
        return queryset.filter(pk__in=self.needing().values("pk"))

    def needing(self) -> QuerySet[Any]:
        """Return what needs a hand."""
        raise NotImplementedError


def is_id(text: str) -> bool:
    """Say whether a text can be the id of a row."""
    return text.isascii() and text.isdecimal() and len(text) < LONGEST_ID


class RunFilter(RowFilter):
    """The rows of one run."""

    title = "workflow run"
    parameter_name = "run"
    path = "run"


class RunOfTaskFilter(RunFilter):
    """The rows of one run's tasks."""

    path = "task__run"


class TaskFilter(RowFilter):
    """The rows of one task."""

    title = "task"
    parameter_name = "task"
    path = "task"
