"""The versions of a template: reading them, their runs, and restoring one."""

from collections.abc import Iterable

from django.db.models import Count

from runners import transaction
from workflows.authoring.spec import stored_template
from workflows.authoring.store import replace_template
from workflows.errors import NotFound
from workflows.models import TemplateVersion, WorkflowRun, WorkflowTemplate
from workflows.models.actor import NOBODY, Actor

MAX_NUMBER = 2**31 - 1


@transaction.atomic
def restore_version(template_id: int, number: int, *, by: Actor = NOBODY) -> WorkflowTemplate:
    """
    Save an earlier version as a new one; restoring the latest changes nothing.

    :raises NotFound: if there is no such template or version.
    :raises Invalid: if a step names a runner that no longer exists.
    """
    spec = stored_template(version_of(template_id, number).content)
    return replace_template(template_id, spec, saved_before=spec, by=by)


def version_of(template_id: int, number: int) -> TemplateVersion:
    """
    Return a version of a template.

    :raises NotFound: if it does not exist.
    """
    found = None
    if number <= MAX_NUMBER:
        found = TemplateVersion.objects.filter(template=template_id, number=number).first()
    if found is None:
        raise NotFound("version", f"{number} of workflow template {template_id}")
    return found


def runs_by_version(versions: Iterable[TemplateVersion]) -> dict[int, int]:
    """Return the number of runs of each of these versions of one template; one statement."""
    numbers = {version.number: version.template_id for version in versions}
    runs = WorkflowRun.objects.filter(
        template__in=set(numbers.values()), template_version__in=numbers
    )
    counted = runs.order_by().values_list("template_version").annotate(Count("pk"))
    return {**dict.fromkeys(numbers, 0), **dict(counted)}
