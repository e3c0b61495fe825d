"""Deleting runners in the admin: by the operation, which keeps those that are needed."""

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from runners.admin import RunnerAdmin
from runners.models import Runner
from workflows.errors import InUse
from workflows.operations.runners import delete_runners, why_kept


class KeptRunnerAdmin(RunnerAdmin):
    """Runners, of which the default and those of past tasks are not deleted."""

    delete_confirmation_template = "workflows/runner/delete.html"
    delete_selected_confirmation_template = "workflows/runner/delete_selected.html"

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
