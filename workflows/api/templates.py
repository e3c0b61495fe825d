"""`/workflow-templates`."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from workflows.api.filters import TemplateFilters
from workflows.api.resource import Facts, Resource, actor
from workflows.authoring import create_template, replace_template
from workflows.models import StepDependency, TemplateStep, WorkflowTemplate
from workflows.spec import TEMPLATE_SCHEMA, parse_template

BODY: Any = {"application/json": TEMPLATE_SCHEMA}


STEP_COLUMNS = ["runner", "payload", "timeout_seconds", "requires_approval"]


class StepAnswer(serializers.ModelSerializer[TemplateStep]):
    """A step of a template."""

    depends_on = serializers.SerializerMethodField()
    runner = serializers.CharField(source="runner.name", default=None, allow_null=True)

    class Meta:
        model = TemplateStep
        fields = ["step_id", "title", "depends_on", *STEP_COLUMNS]

    def get_depends_on(self, step: TemplateStep) -> list[str]:
        """Return the step ids, in the order in which they were written."""
        upstream: dict[int, list[str]] = self.context["upstream"]
        return upstream[step.pk]


class TemplateAnswer(serializers.ModelSerializer[WorkflowTemplate]):
    """A workflow template; its steps are in list order."""

    steps = StepAnswer(many=True)

    class Meta:
        model = WorkflowTemplate
        fields = [
            "id",
            "name",
            "description",
            "approver_must_differ",
            "parameters_schema",
            "version",
            "steps",
            "created_at",
            "updated_at",
        ]


class WorkflowTemplates(Resource[WorkflowTemplate]):
    """Workflow templates: named DAGs of steps."""

    queryset = WorkflowTemplate.objects.prefetch_related(
        Prefetch("steps", TemplateStep.objects.select_related("runner"))
    )
    serializer_class = TemplateAnswer
    filterset_class = TemplateFilters

    @extend_schema(request=BODY, responses={201: TemplateAnswer})
    def create(self, request: Request) -> Response:
        """Store a new template; its steps must form a DAG."""
        template = create_template(parse_template(request.data), by=actor(request))
        return self.answer(template.pk, 201)

    @extend_schema(request=BODY)
    def update(self, request: Request, pk: int) -> Response:
        """Replace a template; runs that exist keep what they were made of."""
        replace_template(pk, parse_template(request.data), by=actor(request))
        return self.answer(pk)

    def destroy(self, request: Request, pk: int) -> Response:
        """Delete a template; its runs stay readable."""
        self.row(pk).delete()
        return Response(status=204)

    def facts(self, rows: Sequence[WorkflowTemplate]) -> Facts:
        """Return the edges of all the templates; one statement."""
        edges = StepDependency.objects.filter(step__template__in=rows).order_by("pk")
        upstream = defaultdict(list)
        for step, step_id in edges.values_list("step_id", "depends_on__step_id"):
            upstream[step].append(step_id)
        return {"upstream": upstream}
