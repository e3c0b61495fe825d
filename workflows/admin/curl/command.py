"""Requests to the API as commands to type; secrets and tokens are variables of the shell."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from secrets import token_hex
from shlex import quote
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from workflows.api.paths import api_url

HEADER = '-H "Authorization: Token $TOKEN"'
JSON = "-H 'Content-Type: application/json'"


@dataclass(frozen=True, slots=True)
class Call:
    """A request to the API."""

    name: str
    """The name of its address: `workflowrun-pause`."""
    method: str = "GET"
    body: Mapping[str, Any] | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    """What stands in its path."""
    query: Mapping[str, Any] = field(default_factory=dict)
    file: str = ""
    """The file with the body, in place of one in the command."""
    then: str = ""
    """What the shell does with the answer."""


@dataclass(frozen=True, slots=True)
class Variable:
    """A value of a body that nobody is shown: the command takes it from the shell."""

    parameter: str

    @property
    def name(self) -> str:
        """Return what the variable is called."""
        name = re.sub(r"[^A-Z0-9]", "_", self.parameter.upper())
        return f"_{name}" if name[:1].isdigit() else name


def curl(request: HttpRequest, call: Call) -> str:
    """Return the command for a request; empty if the API is at no address."""
    if not (path := api_url(call.name, **call.parameters)):
        return ""
    url = request.build_absolute_uri(path)
    if call.query:
        url = f"{url}?{urlencode(call.query, doseq=True)}"
    parts = ["curl -sS", HEADER, f"-X {call.method}" if call.method != "GET" else "", quote(url)]
    if call.file:
        parts += [JSON, f"-d @{quote(call.file)}"]
    elif call.body is not None:
        parts += [JSON, f"-d {_quoted(call.body)}"]
    return " ".join(filter(None, [*parts, call.then]))


def curl_of_each(request: HttpRequest, calls: Sequence[Call]) -> str:
    """Return one command for requests that differ by the id in their path alone."""
    if len(calls) == 1:
        return curl(request, calls[0])
    first = curl(request, calls[0]) if calls else ""
    if not first:
        return ""
    ids = [call.parameters["pk"] for call in calls]
    command = re.sub(rf"/{ids[0]}(?=[/ ]|$)", '/"$id"', first)
    return f"for id in {' '.join(map(str, ids))}; do\n  {command}; echo\ndone"


def _quoted(body: Mapping[str, Any]) -> str:
    """Return a body for the shell, with its variables outside the quotes."""
    mark = token_hex(8)
    text = json.dumps(body, ensure_ascii=False, default=lambda each: f"{mark}{each.name}{mark}")
    return re.sub(rf"{mark}(\w+){mark}", r"""'"$\1"'""", quote(text))
