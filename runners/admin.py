"""Runners, as an operator edits them."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from runners.models import Runner

if TYPE_CHECKING:
    RunnerModelForm = forms.ModelForm[Runner]
    RunnerModelAdmin = admin.ModelAdmin[Runner]
else:
    RunnerModelForm = forms.ModelForm
    RunnerModelAdmin = admin.ModelAdmin

MOST_NAMED = 20
DEFAULT = mark_safe(' <span class="badge badge-default">default</span>')


def kinds() -> list[tuple[str, str]]:
    """Return the kinds that this installation has a backend for."""
    return [(kind, kind) for kind in settings.RUNNER_BACKENDS]


class NamesField(forms.CharField):
    """A list of names, as words."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as words; what was typed, as it was typed."""
        return " ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Take the words; a list stays one."""
        return value if isinstance(value, list) else (value or "").replace(",", " ").split()


class RunnerForm(RunnerModelForm):
    """A runner."""

    kind = forms.ChoiceField(choices=kinds, help_text=Runner._meta.get_field("kind").help_text)

    secret_names = NamesField(
        required=False, help_text=Runner._meta.get_field("secret_names").help_text
    )

    class Meta:
        model = Runner
        fields = (
            "name",
            "kind",
            "url",
            "queue",
            "capacity",
            "secret_names",
            "is_enabled",
            "is_default",
        )


class RunnerAdmin(RunnerModelAdmin):
    """Where attempts are executed."""

    form = RunnerForm
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

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """
        Name what uses the runners, or some of it: it may be thousands of tasks.

        Those need no permission to be deleted, as they will not be.
        """
        to_delete, counts, lacking, protected = super().get_deleted_objects(objs, request)
        left_out = len(protected) - MOST_NAMED
        if left_out > 0:
            protected = [*protected[:MOST_NAMED], f"and {left_out:,} more"]
        return to_delete, counts, set() if protected else lacking, protected

    @admin.display(description="state", ordering="is_enabled")
    def state_shown(self, runner: Runner) -> SafeString:
        """Return whether it takes tasks, and those of steps that name no runner."""
        state = "enabled" if runner.is_enabled else "disabled"
        shown = format_html('<span class="badge badge-{0}">{0}</span>', state)
        return shown + DEFAULT if runner.is_default else shown

    @admin.display(description="updated", ordering="updated_at")
    def updated_shown(self, runner: Runner) -> SafeString:
        """Return when it was last changed; the console says how long ago that was."""
        at = localtime(runner.updated_at)
        return format_html('<time datetime="{}">{}</time>', at.isoformat(), f"{at:%Y-%m-%d %H:%M}")

    @admin.display(description="capacity", ordering="capacity", empty_value="any number")
    def capacity_shown(self, runner: Runner) -> int | None:
        """Return how many attempts it takes at a time."""
        return runner.capacity
