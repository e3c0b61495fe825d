"""The paths of the API, wherever a project includes them; none ends with a slash."""

from django.urls import URLPattern, include, path, re_path
from rest_framework.routers import SimpleRouter

from workflows.api import errors, schema
from workflows.api.guard import guarded
from workflows.api.mounts import BelowPrefix
from workflows.api.views import health
from workflows.api.views.approvals import ApprovalViewSet
from workflows.api.views.callbacks import CallbackView
from workflows.api.views.events import EventViewSet
from workflows.api.views.exports import EventExports, RunExports
from workflows.api.views.runners import RunnerViewSet
from workflows.api.views.runs import WorkflowRunViewSet
from workflows.api.views.tasks import TaskViewSet
from workflows.api.views.templates import WorkflowTemplateViewSet
from workflows.db.doors import outside_transactions

app_name = "workflows_api"
router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("workflow-templates", WorkflowTemplateViewSet)
router.register("workflow-runs", WorkflowRunViewSet)
router.register("tasks", TaskViewSet)
router.register("approvals", ApprovalViewSet)
router.register("events", EventViewSet)
router.register("runners", RunnerViewSet)
router.register("exports", EventExports, basename="event-export")
router.register("exports", RunExports, basename="run-export")

own = [
    path("", include(router.urls)),
    path("runner/tasks/<int:pk>/status", CallbackView.as_view(), name="runner-callback"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("schema", schema.schema, name="schema"),
    path("docs", schema.docs_page, name="docs"),
    # JSON also while DEBUG is on, and in projects that answer other paths by themselves.
    *(re_path(f"^{prefix}/", errors.path_not_found) for prefix, _, _ in router.registry),
    URLPattern(BelowPrefix(), errors.path_not_found),
]
urlpatterns = outside_transactions(guarded(own))
