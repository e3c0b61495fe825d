"""Graphs drawn as text: `a > b > d, a > c > d`."""

from itertools import pairwise
from typing import Any, Protocol

from workflows.authoring.checks import check_template
from workflows.authoring.spec import TemplateSpec, parse_template
from workflows.models import WorkflowRun


def steps_of(drawing: str, **common: Any) -> list[dict[str, Any]]:
    """
    Return the steps of a drawing, in the order of their first appearance.

    :param common: fields that every step has, such as `payload` or `runner`.
    """
    upstream: dict[str, list[str]] = {}
    for path in drawing.split(","):
        names = [name.strip() for name in path.split(">")]
        for name in names:
            upstream.setdefault(name, [])
        for parent, name in pairwise(names):
            if parent not in upstream[name]:
                upstream[name].append(parent)
    return [
        {"step_id": name, "title": name, "depends_on": parents, **common}
        for name, parents in upstream.items()
    ]


def template_of(drawing: str, *, name: str = "drawn", **common: Any) -> dict[str, Any]:
    """Return a drawing as the data of a template, ready for `parse_template`."""
    return {"name": name, "steps": steps_of(drawing, **common)}


def checked(data: object) -> TemplateSpec:
    """Return data as a template that may be saved, where there is no runner yet."""
    spec = parse_template(data)
    check_template(spec, {})
    return spec


class DrawRun(Protocol):
    """Make a run from a drawing."""

    def __call__(
        self,
        drawing: str,
        *,
        parameters: dict[str, Any] | None = None,
        auto_dispatch: bool = False,
        **common: Any,
    ) -> WorkflowRun:
        """Return the new run; `common` are fields that every step has."""
        ...
