"""The paths of the API, at the root of the site; none ends with a slash."""

from django.urls import include, path, re_path
from rest_framework.routers import SimpleRouter

from workflows.api import errors, schema
from workflows.api.views import health
from workflows.api.views.approvals import Approvals
from workflows.api.views.callbacks import Callback
from workflows.api.views.events import Events
from workflows.api.views.runners import Runners
from workflows.api.views.runs import WorkflowRuns
from workflows.api.views.tasks import Tasks
from workflows.api.views.templates import WorkflowTemplates

router = SimpleRouter(trailing_slash=False, use_regex_path=False)
router.register("workflow-templates", WorkflowTemplates)
router.register("workflow-runs", WorkflowRuns)
router.register("tasks", Tasks)
router.register("approvals", Approvals)
router.register("events", Events)
router.register("runners", Runners)

urlpatterns = [
    path("", include(router.urls)),
    path("runner/tasks/<int:pk>/status", Callback.as_view(), name="runner-callback"),
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("schema", schema.schema, name="schema"),
    path("docs", schema.page, name="docs"),
    # Also while DEBUG is on, when Django has a page of its own for what it does not find.
    *(re_path(f"^{prefix}/", errors.no_such_path) for prefix, _, _ in router.registry),
]
