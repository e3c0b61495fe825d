"""Runners in the admin."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timezone import localtime

from runners.kinds import KIND_FIELDS, field_help, kind_help
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
    """A list of names, entered as words separated by spaces or commas."""

    def prepare_value(self, value: Any) -> Any:
        """Show a list as words, and rejected input as it was typed."""
        return " ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        """Split the words into a list."""
        return value if isinstance(value, list) else (value or "").replace(",", " ").split()


class RunnerForm(RunnerModelForm):
    """A runner, with the help texts of the kinds of this installation."""

    kind = forms.ChoiceField(choices=kinds)
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

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take the help texts of `kind`, `url` and `queue` from the backends."""
        super().__init__(*args, **kwargs)
        helps = {"kind": kind_help(), **{name: field_help(name) for name in KIND_FIELDS}}
        for name in helps.keys() & self.fields.keys():
            self.fields[name].help_text = helps[name]


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
        List at most 20 objects that use the runners: there may be thousands of tasks. No permission
        to delete these is required, since they are not deleted.
        """
        to_delete, counts, lacking, protected = super().get_deleted_objects(objs, request)
        left_out = len(protected) - MOST_NAMED
        if left_out > 0:
            protected = [*protected[:MOST_NAMED], f"and {left_out:,} more"]
        return to_delete, counts, set() if protected else lacking, protected

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
