"""Running again in the admin: which run is repeated, and the values that its form begins with."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from django.http import HttpRequest

from workflows.admin.ui.base import actor, is_id
from workflows.models import Task, TemplateStep, WorkflowRun
from workflows.operations.warnings import left_out_warnings, runner_warnings
from workflows.payloads.parameters import properties, secret_names
from workflows.runs.again import Again, may_reuse_secrets, schema_of, shown_parameters


@dataclass(frozen=True)
class Repeated:
    """The run that a launch form repeats, and with which version of its template."""

    run: WorkflowRun
    version: str
    """`same` or `latest`; empty while it is not chosen."""
    reuses_secrets: bool

    @property
    def again(self) -> Again:
        """Return what the new run takes from it: the form has all parameters but for secrets."""
        return Again(self.run.pk, latest=self.version == "latest", with_parameters=False)

    @property
    def is_outdated(self) -> bool:
        """True if its template has a later version than it had."""
        return bool(self.run.template and self.run.template_version != self.run.template.version)

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The schema of the parameters in the version that is run."""
        same = None if self.version == "latest" else self.run
        new = WorkflowRun(template=self.run.template)
        new.copied_from = same
        return schema_of(new)

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters that the form begins with."""
        return shown_parameters(self.run, self.schema)

    @property
    def left_out(self) -> list[str]:
        """The names of its parameters that the version that is run does not take."""
        taken = {*self.parameters, *properties(self.schema)}
        return [name for name in self.run.parameters if name not in taken]

    @property
    def unnamed(self) -> dict[str, Any]:
        """The parameters that the schema takes without naming them: they have no fields."""
        named = properties(self.schema)
        return {name: v for name, v in self.parameters.items() if named and name not in named}

    @property
    def warnings(self) -> list[str]:
        """What the person who starts it should know; one statement."""
        steps = TemplateStep.objects.filter(template=self.run.template)
        rows = steps if self.version == "latest" else Task.objects.filter(run=self.run)
        return [*left_out_warnings(self.run.pk, self.left_out), *runner_warnings(rows)]

    @property
    def known_secrets(self) -> set[str]:
        """The secrets that need not be given again."""
        return (
            {*self.run.secret_names} & {*secret_names(self.schema)}
            if self.reuses_secrets
            else set()
        )


def requested_again(request: HttpRequest) -> Repeated | None:
    """Return what the address asks to repeat, `?again_of=`; None if that cannot be repeated."""
    pk = request.GET.get("again_of", "")
    runs = WorkflowRun.objects.select_related("template").defer("last_dispatch")
    repeatable = runs.filter(expands_template=True, template__isnull=False)
    run = repeatable.filter(pk=int(pk)).first() if is_id(pk) else None
    if run is None:
        return None
    return Repeated(run, request.GET.get("version", ""), may_reuse_secrets(run, actor(request)))
