"""Base classes and filters that the model admins share."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.views.main import ChangeList
from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import capfirst

from runners.forms import TextBoundField
from runners.transaction import locking_when_begun
from workflows.admin.ui.deleting import DeletingAdmin
from workflows.admin.ui.lists import GrowingAdmin
from workflows.admin.ui.media import page_media
from workflows.admin.ui.numbers import all_with_plain_numbers
from workflows.db.doors import outside_transactions
from workflows.errors import Invalid, WorkflowError
from workflows.models.actor import Actor
from workflows.sites import all_at_site

if TYPE_CHECKING:
    AnyModelForm = forms.ModelForm[Any]
else:
    AnyModelForm = forms.ModelForm


MOST_ID_DIGITS = 18
"""A longer number may not fit into the databases' integers."""


def actor(request: HttpRequest) -> Actor:
    """Return who sent a request, as events name them."""
    return Actor.of(request.user, via="web")


def page_of(
    rows: QuerySet[Any], request: HttpRequest, size: int = 25, *, count: int | None = None
) -> Page[Any]:
    """
    Return one page of a list that is shown on another object's page, as `?page=` says.

    :param count: how many rows there are; counted if it is not known.
    """
    paginator = Paginator(rows, size)
    if count is not None:
        paginator.count = count
    return paginator.get_page(request.GET.get("page"))


class StyledAdmin(DeletingAdmin):
    """A model admin with our look."""

    change_list_template = "workflows/change_list.html"
    change_form_template = "workflows/form.html"
    list_per_page = 50
    when_empty = "There is nothing here yet."
    """What an empty list says: what to do next."""
    show_all = "?"
    """The query that shows all rows."""
    search_placeholder = ""
    list_title = ""
    """What the list is called, if not by the name of its rows."""
    add_label = ""
    """What the button says that makes a row, if not `Add` and the name of a row."""

    @property
    def media(self) -> forms.Media:
        """Return what our pages load: none of Django's scripts, which no field of ours needs."""
        return page_media(self.admin_site)

    @property
    def urls(self) -> list[URLPattern]:
        """
        Let each page know its site and write plain numbers, and wrap none in a transaction.

        What its buttons do is stored before it answers.
        """
        urls = all_with_plain_numbers(all_at_site(self.admin_site, self.get_urls()))
        return outside_transactions(urls)

    def changeform_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Show or save a row; Django's transaction around it reads before it writes."""
        with locking_when_begun():
            return super().changeform_view(*args, **kwargs)

    def delete_view(self, *args: Any, **kwargs: Any) -> HttpResponse:
        """Delete a row, likewise."""
        with locking_when_begun():
            return super().delete_view(*args, **kwargs)

    def get_changelist_instance(self, request: HttpRequest) -> ChangeList:
        """Call the list by what it lists."""
        changes = super().get_changelist_instance(request)
        changes.title = self.list_title or str(capfirst(self.opts.verbose_name_plural))
        return changes

    @admin.display(
        description=mark_safe('<input type="checkbox" id="action-toggle" aria-label="Select all">')
    )
    def action_checkbox(self, obj: Any) -> SafeString:
        """Return what selects a row, as Django does with a template for each."""
        return format_html(
            '<input type="checkbox" name="{}" value="{}" class="action-select" '
            'aria-label="Select this object for an action - {}">',
            ACTION_CHECKBOX_NAME,
            obj.pk,
            obj,
        )

    def page_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """Return what the page of a row shows besides its fields; the row is None if it is new."""
        return {}

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """Add what `page_context` returns."""
        context.update(self.page_context(request, kwargs.get("obj")))
        return super().render_change_form(request, context, *args, **kwargs)


class ReadOnlyAdmin(GrowingAdmin, StyledAdmin):
    """A model that cannot be added, edited or deleted in the admin, not even by superusers."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Return False."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Return False."""
        return False


class RefusableForm(AnyModelForm):
    """A form that shows why its operation was refused."""

    bound_field_class = TextBoundField
    refusal: WorkflowError | None = None

    def clean(self) -> dict[str, Any]:
        """Show the refusal, at its field if it names one."""
        if isinstance(self.refusal, Invalid):
            for name, texts in self.refusal.fields.items():
                field = name if name in self.fields else None
                self.add_error(field, [forms.ValidationError(text) for text in texts])
        elif self.refusal:
            self.add_error(None, self.refusal.detail)
        return self.cleaned_data


class RefusableAdmin(StyledAdmin):
    """A model that is saved by an operation; a refusal is shown in the form."""

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """Show the form again if its operation was refused, with nothing saved."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except WorkflowError as refusal:
            request.refusal = refusal  # type: ignore[attr-defined]
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[AnyModelForm]:
        """Return the form class, which knows the refusal of this request if there is one."""
        form = super().get_form(request, obj, change=change, **kwargs)
        # The class was made for this request alone, so it may be changed.
        form.refusal = getattr(request, "refusal", None)  # type: ignore[attr-defined]
        return form


class RowFilter(admin.SimpleListFilter):
    """Filters by one related row, such as the run of tasks; shown while it is in the URL."""

    kind = "switch"
    path = ""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the chosen row, beside Django's "All"."""
        return [(value, f"{self.title} {value}")] if (value := self.value()) else []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that belong to the chosen one."""
        if (value := self.value()) is None:
            return queryset
        return queryset.filter(**{self.path: value}) if is_id(value) else queryset.none()


class AttentionFilter(admin.SimpleListFilter):
    """Filters the rows that need attention, as the dashboard counts them."""

    kind = "switch"
    title = "attention"
    parameter_name = "attention"
    choice = ("", "")
    """The value in the URL, and the label."""

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Offer the one choice, beside Django's "All"."""
        return [self.choice]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the rows that need attention, if the filter is chosen."""
        if self.value() != self.choice[0]:
            return queryset
        return queryset.filter(pk__in=self.needing_attention().values("pk"))

    def needing_attention(self) -> QuerySet[Any]:
        """Return the rows that need attention."""
        raise NotImplementedError


def is_id(text: str) -> bool:
    """Return True if a text can be the id of a row."""
    return text.isascii() and text.isdecimal() and len(text) <= MOST_ID_DIGITS


class RunFilter(RowFilter):
    """Filters by run."""

    title = "workflow run"
    parameter_name = "run"
    path = "run"


class RunOfTaskFilter(RunFilter):
    """Filters by the run of a task."""

    path = "task__run"


class TaskFilter(RowFilter):
    """Filters by task."""

    title = "task"
    parameter_name = "task"
    path = "task"
