"""
Plain data as text: YAML and JSON, with JSON's types only.

YAML is read so that it holds no surprise: `1`, `1.5`, `true`, `null` are what they are in JSON,
words that are booleans for some readers of YAML only have to be put in quotes, and anything else
is text (a date, a time, `0755`). Whatever JSON has no word for is refused: aliases, tags, keys that
are no text, keys that come twice.
"""

import json
import math
import re
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import yaml

from workflows.errors import WorkflowError

# libyaml is many times as fast. Its parser is asked for events only: building the data from them
# here keeps line numbers at hand, and its own builder crashes the process on deep nesting.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
LONGEST_LINE = 2**31 - 1
"""Lines of text stay whole, so that a change of a word is one changed line."""

DEEPEST = 100

WORDS = {
    "": None,
    "~": None,
    **dict.fromkeys(["null", "Null", "NULL"]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
AMBIGUOUS = re.compile(r"yes|no|on|off", re.IGNORECASE)


class Unreadable(WorkflowError):
    """The text is no YAML or JSON, or holds what cannot be taken over; says in which line."""

    code = "unreadable"


def read_json(text: str) -> Any:
    """
    Return the data of a JSON text.

    :raises Unreadable: naming the line if there is one to blame.
    """
    try:
        return json.loads(
            text, object_pairs_hook=_object, parse_constant=_no_number, parse_float=_float
        )
    except json.JSONDecodeError as exc:
        raise Unreadable(f"line {exc.lineno}, column {exc.colno}: {exc.msg}") from exc
    except RecursionError as exc:
        raise Unreadable("nested too deeply") from exc
    except ValueError as exc:
        raise Unreadable(str(exc)) from exc


def read_yaml(text: str) -> Any:
    """
    Return the data of a YAML text.

    :raises Unreadable: naming the line.
    """
    try:
        return _document(yaml.parse(text, Loader=LOADER))
    except yaml.MarkedYAMLError as exc:
        where = f"line {exc.problem_mark.line + 1}: " if exc.problem_mark else ""
        words = ", ".join(filter(None, [exc.context, exc.problem]))
        raise Unreadable(f"{where}{words}") from exc
    except yaml.YAMLError as exc:
        raise Unreadable(" ".join(str(exc).split())) from exc


def write_yaml(data: Any) -> str:
    """Return data as YAML for people: in the order given, one item a line, long texts as blocks."""
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=LONGEST_LINE
    )
    return text


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the key '{twice}' comes twice in one object")
    return found


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number that JSON has")


def _float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


Events = Iterator[Any]


def _document(events: Events) -> Any:
    next(events)  # the stream begins
    if not isinstance(next(events), yaml.DocumentStartEvent):
        raise Unreadable("is empty")
    data = _value(next(events), events, DEEPEST)
    next(events)  # the document ends
    if isinstance(more := next(events), yaml.DocumentStartEvent):
        _refuse(more, "a second document begins; keep one")
    return data


def _refuse(event: Any, why: str) -> NoReturn:
    raise Unreadable(f"line {event.start_mark.line + 1}: {why}")


def _value(event: Any, events: Events, depth: int) -> Any:
    if isinstance(event, yaml.AliasEvent):
        _refuse(event, f"aliases (*{event.anchor}) cannot be used here; write it out")
    if event.tag not in {None, "!"}:
        _refuse(event, f"tags ({event.tag}) cannot be used here")
    if not depth:
        _refuse(event, "nested too deeply")
    if isinstance(event, yaml.SequenceStartEvent):
        return [_value(item, events, depth - 1) for item in _until(yaml.SequenceEndEvent, events)]
    if isinstance(event, yaml.MappingStartEvent):
        return _mapping(events, depth - 1)
    return _scalar(event)


def _until(end: type, events: Events) -> Iterable[Any]:
    return iter(lambda: None if isinstance(event := next(events), end) else event, None)


def _mapping(events: Events, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in _until(yaml.MappingEndEvent, events):
        key = _value(event, events, depth)
        if not isinstance(key, str):
            _refuse(event, f"the key {_shown(event)} is no text; put it in quotes")
        if key in found:
            _refuse(event, f"the key '{key}' comes twice")
        found[key] = _value(next(events), events, depth)
    return found


def _scalar(event: Any) -> Any:
    text = event.value
    if not event.implicit[0]:
        return text  # in quotes, or a block
    if text in WORDS:
        return WORDS[text]
    if AMBIGUOUS.fullmatch(text):
        _refuse(event, f'{text} may mean a boolean or a text; write true, false or "{text}"')
    return _number(event) if NUMBER.fullmatch(text) else text


def _number(event: Any) -> Any:
    try:
        return json.loads(event.value, parse_float=_float)
    except ValueError as exc:
        _refuse(event, str(exc))


def _shown(event: Any) -> str:
    return f"'{event.value}'" if isinstance(event, yaml.ScalarEvent) else "of this mapping"


PLAIN_LINES = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff]*")
"""Texts without characters that an editor would hide or take for the end of a line."""


class _Dumper(DUMPER):  # type: ignore[misc]
    """Puts in quotes what any reader, of YAML 1.1 or ours, could take for something else."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


_Dumper.add_implicit_resolver(
    "!number", re.compile(rf"(?:{NUMBER.pattern})\Z"), list("-0123456789")
)


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if not PLAIN_LINES.fullmatch(text):
        style = '"'
    elif "\n" in text:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_implicit_resolver(
    "!number", re.compile(rf"(?:{NUMBER.pattern})\Z"), list("-0123456789")
)
_Dumper.add_representer(str, _represent_text)
