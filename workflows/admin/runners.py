"""Runners in the admin: how they are, tests of their connections, and deletion."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import ChangeList
from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from runners import transaction
from runners.admin import RunnerAdmin
from runners.models import Runner
from workflows.admin.curl.views import CurlViews
from workflows.admin.runner_page import last_day, runners_beside
from workflows.admin.ui.display import badge, list_url, page_url, time_shown
from workflows.admin.ui.holders import holders
from workflows.errors import Conflict, InUse
from workflows.insight.phrases import duration_text
from workflows.insight.runner_health import RunnerHealth, health_of
from workflows.models import TaskAttempt
from workflows.operations.runners import delete_runners, try_connection, why_kept
from workflows.sites import admin_url

CHANGE = "runners.change_runner"
OPERATE = "workflows.operate_workflowrun"
LATEST = 8
"""How many attempts the page of a runner shows."""


class HealthList(ChangeList):
    """The list of runners, which reads how all of a page are at once."""

    def get_results(self, request: HttpRequest) -> None:
        """Let each row know how it is."""
        super().get_results(request)
        health = health_of(self.result_list)
        for runner in self.result_list:
            runner.health = health[runner.pk]


class KeptRunnerAdmin(CurlViews, RunnerAdmin):
    """Runners, of which the default and those of past tasks are not deleted."""

    change_form_template = "workflows/runner/change_form.html"
    list_display: Any = (
        "name",
        "kind",
        "url",
        "health_shown",
        "load_shown",
        "waiting_shown",
        "state_shown",
    )

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Return the list that knows how its rows are."""
        return HealthList

    @admin.display(description="health")
    def health_shown(self, runner: Runner) -> SafeString:
        """Return how it is, with what it refused last."""
        health: RunnerHealth = runner.health  # type: ignore[attr-defined]
        since = format_html(" since {}", time_shown(health.since)) if health.since else ""
        error = format_html(' <span class="quiet">{}</span>', health.error[:160])
        return format_html("{}{}{}", badge(health.word, health.badge), since, error)

    @admin.display(description="running of capacity")
    def load_shown(self, runner: Runner) -> str:
        """Return how many attempts run there, of how many that it takes."""
        running = runner.health.started  # type: ignore[attr-defined]
        return f"{running} of {runner.capacity}" if runner.capacity else f"{running}"

    @admin.display(description="waiting")
    def waiting_shown(self, runner: Runner) -> int:
        """Return how many tasks wait for it."""
        return runner.health.waiting  # type: ignore[attr-defined,no-any-return]

    def get_urls(self) -> list[URLPattern]:
        """Add the test of a connection."""
        view = self.admin_site.admin_view(require_POST(self.test_view))
        test = path("<int:pk>/test/", view, name="runners_runner_test")
        return [test, *super().get_urls()]

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Test a connection for operators and those who may change runners; keep the outcome."""
        may = request.user.has_perm
        if not (self.has_view_permission(request) and (may(CHANGE) or may(OPERATE))):
            raise PermissionDenied(f"This needs the permission {OPERATE}.")
        runner = get_object_or_404(Runner, pk=pk)
        try:
            test = try_connection(runner)
        except Conflict as refusal:
            self.message_user(request, f"{refusal.detail}.", messages.ERROR)
        else:
            said = f"{runner}: {test.text} ({duration_text(test.seconds)})"
            self.log_change(request, runner, f"Tested the connection. {said}")
            level = messages.SUCCESS if test.succeeded else messages.ERROR
            self.message_user(request, said, level)
        return HttpResponseRedirect(page_url(Runner, pk))

    def page_context(self, request: HttpRequest, obj: Runner | None) -> dict[str, Any]:
        """Return how the runner is, and who may change that."""
        if obj is None:
            return {}
        may = request.user.has_perm
        attempts = TaskAttempt.objects.filter(runner=obj).order_by("-dispatched_at")
        last = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(Runner), object_id=str(obj.pk)
        )
        beside = runners_beside(obj)
        may_view_attempts = may("workflows.view_taskattempt")
        return {
            "health": next(each for each in beside if each.runner == obj),
            "beside": beside,
            "day": last_day(obj) if may_view_attempts else None,
            "add_url": admin_url("runners_runner_add") if may("runners.add_runner") else "",
            "may_change": holders(CHANGE),
            "may_test": obj.calls_back and (may(CHANGE) or may(OPERATE)),
            "last_change": last.select_related("user").order_by("-action_time").first(),
            "attempts": attempts.select_related("task").defer("payload", "result", "task__payload")[
                :LATEST
            ]
            if may_view_attempts
            else [],
            "attempts_url": list_url(TaskAttempt, runner_kind=obj.kind),
        }

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Return why runners are kept instead of what is deleted, without reading their tasks."""
        if kept := why_kept(list(objs)):
            return [], {}, set(), kept
        return super().get_deleted_objects(objs, request)

    def delete_model(self, request: HttpRequest, obj: Runner) -> None:
        """Delete a runner, unless it has been given work since the question was asked."""
        delete_runners([obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Runner]) -> None:
        """Delete several runners, or none."""
        delete_runners(list(queryset.values_list("pk", flat=True)))

    def delete_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Say why a runner is kept also if that came true only now."""
        try:
            return super().delete_view(request, object_id, extra_context)
        except InUse:
            return super().delete_view(request, object_id, extra_context)

    def response_action(
        self, request: HttpRequest, queryset: QuerySet[Runner], *args: Any, **kwargs: Any
    ) -> HttpResponse | None:
        """Leave no line about a deletion in the admin's log if it is refused."""
        try:
            with transaction.atomic():
                return super().response_action(request, queryset, *args, **kwargs)
        except InUse as refusal:
            self.message_user(request, f"Nothing was deleted: {refusal.detail}.", messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
