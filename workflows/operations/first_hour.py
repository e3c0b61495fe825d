"""The operation that gives an empty installation its first run."""

from pathlib import Path

from django.contrib.contenttypes.models import ContentType

from workflows import authoring
from workflows.authoring.files import import_file
from workflows.db.doors import nestable
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor
from workflows.operations.start import start_run

EXAMPLE = Path(authoring.__file__).with_name("first_hour.yaml")
NAME = "first-hour"
"""What the example is called."""


@nestable
def start_example(*, by: Actor) -> WorkflowRun:
    """
    Import the example and start a run of it; return the run, or the latest one that there is.

    However often and by however many it is asked for, there is one template with one run.
    """
    _lock()
    template = example_template() or import_file(EXAMPLE, by=by).template
    latest = WorkflowRun.objects.filter(template=template).order_by("-pk").first()
    return latest or start_run(template, by=by, auto_dispatch=True, in_background=True)


def example_template() -> WorkflowTemplate | None:
    """Return the template of the example, if it has been imported."""
    return WorkflowTemplate.objects.filter(name=NAME).order_by("pk").first()


def _lock() -> None:
    """Let others wait: there is no row of the template yet, so the one of its kind is locked."""
    kind = ContentType.objects.get_for_model(WorkflowTemplate)
    ContentType.objects.select_for_update(no_key=True).get(pk=kind.pk)
