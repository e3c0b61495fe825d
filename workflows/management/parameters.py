"""The parameters of a run on the command line: texts, JSON, or what stands in files."""

import json
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.core.management.base import CommandError

from workflows.authoring.yaml_json import Unreadable, read_json, read_yaml

STDIN = "-"
HINT = "; for a text that begins with @, write @@"
ONCE = "the standard input (-) can be read only once; put the other values into files"


@dataclass(frozen=True, slots=True)
class InFile:
    """A value that stands in a file, so that nobody can see it among the arguments."""

    path: str
    is_json: bool


def add_parameters(parser: ArgumentParser) -> None:
    """Declare the options --param and --param-file."""
    parser.add_argument(
        "--param",
        type=parameter,
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="A parameter of the run: KEY=TEXT or KEY:=JSON; KEY=@FILE and KEY:=@FILE read the "
        "value from a file, KEY=@- from the standard input. For a text that begins with @, write "
        "@@. Other users of the machine can see arguments: read secrets from files.",
    )
    parser.add_argument(
        "--param-file",
        action="append",
        default=[],
        metavar="FILE",
        help="A file with parameters by name, as YAML or (.json) JSON; - is the standard input. "
        "--param overrides single ones.",
    )


def parameter(text: str) -> tuple[str, Any]:
    """
    Read `KEY=TEXT`, `KEY:=JSON`, or either with `@FILE` as its value.

    :raises ArgumentTypeError: if it is none of these.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip(":"):
        raise ArgumentTypeError(f"'{text}' is neither KEY=TEXT nor KEY:=JSON")
    is_json, name = key.endswith(":"), key.removesuffix(":")
    if value.startswith("@") and not value.startswith("@@"):
        return name, InFile(value[1:], is_json)
    if not is_json:
        return name, value.replace("@@", "@", 1) if value.startswith("@@") else value
    try:
        return name, json.loads(value)
    except ValueError as exc:
        raise ArgumentTypeError(f"'{text}': the value after := is not valid JSON ({exc})") from exc


def read_parameters(files: Sequence[str], given: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """
    Return the parameters of these files, and those that were given one by one.

    :raises CommandError: naming the file that cannot be read, or the parameter.
    """
    named = dict(given)
    sources = [*files, *(each.path for each in named.values() if isinstance(each, InFile))]
    if sources.count(STDIN) > 1:
        raise CommandError(ONCE)
    found: dict[str, Any] = {}
    for file in files:
        found |= _object_in(file)
    return found | {name: _value_of(name, value) for name, value in named.items()}


def _object_in(path: str) -> dict[str, Any]:
    read = read_json if path.endswith(".json") else read_yaml
    try:
        data = read(_text_in(path))
    except (CommandError, Unreadable) as exc:
        why = exc.detail if isinstance(exc, Unreadable) else exc
        raise CommandError(f"--param-file {path}: {why}") from exc
    if not isinstance(data, dict):
        raise CommandError(f"--param-file {path}: it must hold parameters by name, as in `day: x`")
    return data


def _value_of(name: str, value: Any) -> Any:
    if not isinstance(value, InFile):
        return value
    try:
        # As `$(cat FILE)` would: editors and echo end a file with a line end.
        text = _text_in(value.path, HINT).removesuffix("\n").removesuffix("\r")
        return read_json(text) if value.is_json else text
    except (CommandError, Unreadable) as exc:
        why = exc.detail if isinstance(exc, Unreadable) else exc
        raise CommandError(f"--param {name}: {why}") from exc


def _text_in(path: str, hint: str = "") -> str:
    try:
        content = sys.stdin.buffer.read() if path == STDIN else Path(path).read_bytes()
    except OSError as exc:
        raise CommandError(f"the file '{path}' cannot be read: {exc.strerror}{hint}") from exc
    try:
        return content.decode()
    except UnicodeDecodeError as exc:
        raise CommandError(f"the file '{path}' is not text in UTF-8; save it as such") from exc
