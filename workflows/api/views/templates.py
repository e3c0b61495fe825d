"""`/workflow-templates`."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.db.models import Prefetch
from drf_spectacular.utils import OpenApiParameter
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import IntegerField

from workflows.api import examples
from workflows.api.described import described
from workflows.api.filters import TemplateFilters
from workflows.api.permissions import MayChange
from workflows.api.serializers.base import validated
from workflows.api.serializers.policies import PolicyAnswer, PolicyBody
from workflows.api.serializers.templates import (
    CREATE_BODY,
    REPLACE_BODY,
    TemplateAnswer,
    TemplateWithWarnings,
    VersionAnswer,
    WholeVersionAnswer,
)
from workflows.api.viewsets import ReadOnlyViewSet, actor
from workflows.api.wording import FIELDS
from workflows.authoring.sections import split_sections
from workflows.authoring.spec import parse_template
from workflows.authoring.store import change_template, create_template
from workflows.authoring.versions import restore_version, runs_by_version, version_of
from workflows.db.doors import durably
from workflows.errors import Invalid
from workflows.models import StepDependency, TemplateStep, WorkflowTemplate
from workflows.operations.policy import policy_of, set_policy

NUMBER = OpenApiParameter("number", int, "path", description="The number of the version.")


class WorkflowTemplateViewSet(ReadOnlyViewSet[WorkflowTemplate]):
    """Workflow templates: named graphs of steps, of which runs are copies."""

    queryset = WorkflowTemplate.objects.prefetch_related(
        Prefetch("steps", TemplateStep.objects.select_related("runner"))
    )
    serializer_class = TemplateAnswer
    filterset_class = TemplateFilters

    @described(
        request=CREATE_BODY, responses={201: TemplateWithWarnings}, examples=examples.TEMPLATES
    )
    def create(self, request: Request) -> Response:
        """
        Create a template; its steps must form a DAG.

        What cannot work is refused by step and field; what may be a mistake is in `warnings`.
        """
        content, sections = split_sections(request.data)
        spec = parse_template(content)
        template = durably(create_template, spec, sections=sections, by=actor(request))
        return self.detail_response(template.pk, 201)

    @described(responses=TemplateWithWarnings)
    def retrieve(self, request: Request, pk: int) -> Response:
        """
        Read a template, and what is wrong with it.

        Its steps are in list order.
        """
        return self.detail_response(pk)

    @described(request=REPLACE_BODY, responses=TemplateWithWarnings)
    def update(self, request: Request, pk: int) -> Response:
        """
        Replace the fields that the body has; existing runs keep their own copy of the steps.

        A changed template becomes a new version; an identical one changes nothing.
        """
        fields, edited_version = _split_version(request.data)
        durably(change_template, pk, fields, edited_version=edited_version, by=actor(request))
        return self.detail_response(pk)

    def destroy(self, request: Request, pk: int) -> Response:
        """
        Delete a template; its runs are kept.

        They can be read and continued, but not run again.
        """
        self.get_object(pk).delete()
        return Response(status=204)

    @described(responses=VersionAnswer(many=True), filters=False)
    @action(detail=True)
    def versions(self, request: Request, pk: int) -> Response:
        """
        List the versions of a template, the latest first.

        Each says who saved it when, and how many runs it has.
        """
        versions = self.get_object(pk).versions.defer("content").order_by("-number")
        page: Any = self.paginate_queryset(versions)  # type: ignore[arg-type]
        context = {"runs": runs_by_version(page)}
        return self.get_paginated_response(VersionAnswer(page, many=True, context=context).data)

    @described(parameters=[NUMBER], responses=WholeVersionAnswer)
    @action(detail=True, url_path="versions/<int:number>")
    def version(self, request: Request, pk: int, number: int) -> Response:
        """
        Read one version with its content.

        The content is what `export_workflow` would write.
        """
        found = version_of(pk, number)
        context = {"runs": runs_by_version([found])}
        return Response(WholeVersionAnswer(found, context=context).data)

    @described(parameters=[NUMBER], request=None, responses=TemplateWithWarnings)
    @action(
        detail=True,
        methods=["post"],
        url_path="versions/<int:number>/restore",
        permission_classes=[MayChange],
    )
    def restore(self, request: Request, pk: int, number: int) -> Response:
        """
        Save an earlier version as a new one.

        Nothing is lost: the version that was the latest stays, too.
        """
        durably(restore_version, pk, number, by=actor(request))
        return self.detail_response(pk)

    @described(methods=["GET"], responses=PolicyAnswer)
    @described(
        methods=["PATCH"],
        operation_id="workflow_templates_change_policy",
        request=PolicyBody,
        responses=PolicyAnswer,
    )
    @action(detail=True, methods=["get", "patch"])
    def policy(self, request: Request, pk: int) -> Response:
        """
        Read or change how long runs of the template and their logs are kept.

        It is no part of the versions of the template, and counts at once.
        """
        self.get_object(pk)
        if request.method == "PATCH":
            durably(set_policy, pk, validated(PolicyBody, request.data), by=actor(request))
        return Response(PolicyAnswer(policy_of(pk)).data)

    def detail_response(self, pk: int, status: int = 200) -> Response:
        """Respond with a template as it is now, and with what is wrong with it."""
        template = self.get_object(pk)
        context = self.related_data([template])
        return Response(TemplateWithWarnings(template, context=context).data, status)

    def related_data(self, rows: Sequence[WorkflowTemplate]) -> dict[str, Any]:
        """Return the dependencies of all the templates; one statement."""
        edges = StepDependency.objects.filter(step__template__in=rows).order_by("pk")
        upstream = defaultdict(list)
        for step, step_id in edges.values_list("step_id", "depends_on__step_id"):
            upstream[step].append(step_id)
        return {"upstream": upstream}


def _split_version(data: Any) -> tuple[Any, int | None]:
    """Return the template and, separately, the version that its author edited."""
    if not isinstance(data, dict) or "version" not in data:
        return data, None
    template = {name: value for name, value in data.items() if name != "version"}
    if type(version := data["version"]) is not int:
        raise Invalid({"version": [FIELDS[IntegerField]["invalid"]]})
    return template, version
