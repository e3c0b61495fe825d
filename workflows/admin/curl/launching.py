"""The launch form as a command: what was entered, without the values of secrets."""

from collections.abc import Mapping
from typing import Any

from workflows.admin.curl.command import Call, Variable
from workflows.admin.runs.again import Repeated
from workflows.models import WorkflowTemplate
from workflows.payloads.parameters import secret_names

AS_CURL = "_curl"
"""The name of the button that shows the command in place of starting a run."""


class AsCurl(Exception):
    """A form was right, and its command is wanted."""

    def __init__(self, call: Call) -> None:
        """Carry the request."""
        super().__init__()
        self.call = call


def launch_call(
    template: WorkflowTemplate,
    repeated: Repeated | None,
    parameters: Mapping[str, Any],
    labels: Mapping[str, str],
) -> Call:
    """Return the request that starts the same run."""
    secret = secret_names(repeated.schema if repeated else template.parameters_schema)
    given = {name: Variable(name) if name in secret else v for name, v in parameters.items()}
    what: dict[str, Any] = {"workflow_template_id": template.pk}
    if repeated:
        what = {"again_of": repeated.run.pk}
        what |= {"version": "latest"} if repeated.again.latest else {}
    body = {**what, "parameters": given, "auto_dispatch": True}
    return Call("workflowrun-list", "POST", {**body, **({"labels": labels} if labels else {})})
