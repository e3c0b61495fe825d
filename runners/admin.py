"""Runners in the admin."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from runners.forms import RunnerForm, own_fields
from runners.models import Runner

if TYPE_CHECKING:
    RunnerModelAdmin = admin.ModelAdmin[Runner]
else:
    RunnerModelAdmin = admin.ModelAdmin

OWN_TITLE = "Options and credentials of its kind"
DEFAULT = mark_safe(' <span class="badge badge-default">default</span>')


class RunnerAdmin(RunnerModelAdmin):
    """Where attempts are executed."""

    form = RunnerForm
    readonly_fields = ("called_back_shown",)
    list_display = (
        "name",
        "kind",
        "url",
        "capacity_shown",
        "state_shown",
        "updated_shown",
    )
    list_filter = ("kind", "is_enabled")
    search_fields = ("name", "url")
    list_per_page = 50
    when_empty = "There is no runner, so nothing is dispatched: add one, and make it the default."

    def get_form(
        self, request: HttpRequest, obj: Runner | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        """Return the form with the columns of a runner; it adds what the kinds declare itself."""
        columns = RunnerForm.Meta.fields
        return super().get_form(request, obj, change, **{**kwargs, "fields": columns})

    def get_fieldsets(self, request: HttpRequest, obj: Runner | None = None) -> Any:
        """Show the columns, then what the kinds declare, as text to those who may not edit it."""
        may_edit = obj is None or self.has_change_permission(request, obj)
        own = [*own_fields(obj or Runner())] if may_edit else ["options_shown", "credentials_shown"]
        calls_back = obj is not None and obj.calls_back
        columns = [*RunnerForm.Meta.fields, *(["called_back_shown"] if calls_back else [])]
        return [(None, {"fields": columns}), (OWN_TITLE, {"fields": own})]

    @admin.display(description="first callback")
    def called_back_shown(self, runner: Runner) -> str:
        """Return when its host first called back, or where it is told to do so."""
        if at := runner.called_back_at:
            return f"{localtime(at):%Y-%m-%d %H:%M}"
        if runner.never_calls_back:
            return f"It has never called back; {runner.callback_question}"
        return f"None so far; {runner.callback_question}"

    @admin.display(description="options")
    def options_shown(self, runner: Runner) -> str:
        """Return the options that are set."""
        return ", ".join(f"{name}: {value}" for name, value in runner.options.items()) or "None."

    @admin.display(description="credentials")
    def credentials_shown(self, runner: Runner) -> str:
        """Return the names of the credentials that are set, never their values."""
        return ", ".join(runner.credentials_set) or "None."

    @admin.display(description="state", ordering="is_enabled")
    def state_shown(self, runner: Runner) -> SafeString:
        """Return whether the runner is enabled, and whether it is the default."""
        state = "enabled" if runner.is_enabled else "disabled"
        shown = format_html('<span class="badge badge-{0}">{0}</span>', state)
        return shown + DEFAULT if runner.is_default else shown

    @admin.display(description="updated", ordering="updated_at")
    def updated_shown(self, runner: Runner) -> SafeString:
        """Return when it was last changed; JavaScript shows how long ago that was."""
        at = localtime(runner.updated_at)
        return format_html('<time datetime="{}">{}</time>', at.isoformat(), f"{at:%Y-%m-%d %H:%M}")

    @admin.display(description="capacity", ordering="capacity", empty_value="any number")
    def capacity_shown(self, runner: Runner) -> int | None:
        """Return how many attempts it executes at the same time."""
        return runner.capacity
