"""Templates as files, and by the names that files and people call them."""

import re

from workflows.errors import Conflict, NotFound
from workflows.models import WorkflowTemplate


def template_named(name: str) -> WorkflowTemplate:
    """
    Return the template that is called `name`, or that has the id `#12` or, if free, `12`.

    :raises NotFound: if there is no such template.
    :raises Conflict: if several have the name; names them by id.
    """
    found = list(WorkflowTemplate.objects.filter(name=name).order_by("pk"))
    if name.startswith("#") or not found:
        return _template_numbered(name)
    if len(found) > 1:
        ids = ", ".join(f"#{template.pk}" for template in found)
        raise Conflict(f"{len(found)} workflow templates are called '{name}'; choose one of {ids}")
    return found[0]


def _template_numbered(name: str) -> WorkflowTemplate:
    number = re.fullmatch(r"#?([0-9]{1,18})", name)
    template = number and WorkflowTemplate.objects.filter(pk=int(number[1])).first()
    if not template:
        raise NotFound("workflow template", name if number else f"'{name}'")
    return template
