"""
Reads and writes plain data as YAML and JSON, with the types of JSON only.

In YAML, `1`, `1.5`, `true` and `null` mean the same as in JSON. Words that only some YAML parsers
read as booleans (`yes`, `off`) must be quoted; everything else is text (a date, a time, `0755`).
YAML that JSON has no equivalent for is refused: aliases, tags, keys that are not text, duplicate
keys.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, NoReturn

import yaml

from runners.kept_values import has_more_items
from workflows.errors import WorkflowError
from workflows.limits import MOST_ITEMS

# libyaml is many times faster. Only its events are used, and the data is built from them here:
# this keeps the line numbers, and libyaml's own builder crashes the process on deep nesting.
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DUMPER: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
MAX_LINE_LENGTH = 2**31 - 1
"""Texts are not wrapped, so that changing a word changes one line."""

MAX_DEPTH = 100
MOST_DIGITS = 4_000
QUOTE_EXPRESSIONS = "put a text with {{ }} in quotes, as in '{{ params.day }}'"
HINTS = {
    "mapping values are not allowed": (
        "put a text with a colon in quotes, and indent a line as those around it"
    ),
    "expected alphabetic or numeric": "put a text that begins with * or & in quotes",
    "cannot start any token": "put a text that begins with @, ` or % in quotes",
    "found unexpected end of stream": "a quote is not closed",
    "did not find expected key": "is a line indented differently from those around it?",
    "could not find expected ':'": "write name: value",
}
"""What to do, by words of the parser."""
TOO_MANY = f"there are more than {MOST_ITEMS:,} values"

CONSTANTS = {
    "": None,
    "~": None,
    **dict.fromkeys(["null", "Null", "NULL"]),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
}
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
AMBIGUOUS = re.compile(r"yes|no|on|off", re.IGNORECASE)


class Unreadable(WorkflowError):
    """The text is not valid YAML or JSON, or not allowed here; the message names the line."""

    code = "unreadable"


def read_json(text: str) -> Any:
    """
    Return the data of a JSON text.

    :raises Unreadable: naming the line if it is known.
    """
    if has_more_items(text, MOST_ITEMS):
        raise Unreadable(TOO_MANY)
    try:
        return json.loads(
            text,
            object_pairs_hook=unique_keys,
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            parse_int=short_int,
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
        return _read_document(_limited(yaml.parse(text, Loader=LOADER)))
    except yaml.MarkedYAMLError as exc:
        where = f"line {exc.problem_mark.line + 1}: " if exc.problem_mark else ""
        words = ", ".join(filter(None, [exc.context, exc.problem]))
        raise Unreadable(f"{where}{words}{_hint(exc, text)}") from exc
    except yaml.YAMLError as exc:
        raise Unreadable(" ".join(str(exc).split())) from exc


def write_yaml(data: Any) -> str:
    """Return data as readable YAML: in the given order, one item per line, long texts as blocks."""
    text: str = yaml.dump(
        data, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=MAX_LINE_LENGTH
    )
    return text


def unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """
    Return the object that a JSON parser has read, as its `object_pairs_hook`.

    :raises ValueError: if a key comes twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        [(twice, _)] = Counter(key for key, _ in pairs).most_common(1)
        raise ValueError(f"duplicate key '{twice}' in an object")
    return found


def short_int(digits: str) -> int:
    """
    Return an integer of JSON.

    :raises ValueError: if it is longer than Python takes.
    """
    if len(digits) > MOST_DIGITS:
        raise ValueError(f"the number {digits[:40]}… is too long: at most {MOST_DIGITS:,} digits")
    return int(digits)


def _refuse_constant(word: str) -> NoReturn:
    raise ValueError(f"{word} is not a number in JSON")


def _finite_float(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"the number {text[:40]} is too large")
    return number


Events = Iterator[Any]


def _read_document(events: Events) -> Any:
    next(events)  # the stream begins
    if not isinstance(next(events), yaml.DocumentStartEvent):
        raise Unreadable("it is empty")
    data = _read_value(next(events), events, MAX_DEPTH)
    next(events)  # the document ends
    if isinstance(more := next(events), yaml.DocumentStartEvent):
        _refuse_at(more, "the file contains a second document; keep one")
    return data


def _hint(exc: yaml.MarkedYAMLError, text: str) -> str:
    """Return what to do about the most frequent mistakes, else ''."""
    lines = text.splitlines()[exc.problem_mark.line :] if exc.problem_mark else []
    if lines and "\t" in lines[0] and "cannot start any token" in str(exc.problem):
        return ": it is a tab; indent by spaces"
    if lines and "{{" in lines[0]:
        return f"; {QUOTE_EXPRESSIONS}"
    return next((f"; {hint}" for words, hint in HINTS.items() if words in str(exc.problem)), "")


def _limited(events: Events) -> Events:
    for count, event in enumerate(events):
        if count > MOST_ITEMS:
            _refuse_at(event, TOO_MANY)
        yield event


def _refuse_at(event: Any, why: str) -> NoReturn:
    raise Unreadable(f"line {event.start_mark.line + 1}: {why}")


def _read_value(event: Any, events: Events, depth: int) -> Any:
    if isinstance(event, yaml.AliasEvent):
        _refuse_at(event, f"aliases (*{event.anchor}) are not supported; write the value out")
    if event.tag not in {None, "!"}:
        _refuse_at(event, f"tags ({event.tag}) are not supported")
    if not depth:
        _refuse_at(event, "nested too deeply")
    if isinstance(event, yaml.SequenceStartEvent):
        return [
            _read_value(item, events, depth - 1)
            for item in _events_until(yaml.SequenceEndEvent, events)
        ]
    if isinstance(event, yaml.MappingStartEvent):
        return _read_mapping(events, depth - 1)
    return _read_scalar(event)


def _events_until(end: type, events: Events) -> Iterable[Any]:
    return iter(lambda: None if isinstance(event := next(events), end) else event, None)


def _read_mapping(events: Events, depth: int) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for event in _events_until(yaml.MappingEndEvent, events):
        key = _read_value(event, events, depth)
        if isinstance(key, dict):
            _refuse_at(event, f"a mapping is no key; {QUOTE_EXPRESSIONS}")
        if not isinstance(key, str):
            _refuse_at(event, f"the key {_key_name(event)} is not text; put it in quotes")
        if key in found:
            _refuse_at(event, f"duplicate key '{key}'")
        found[key] = _read_value(next(events), events, depth)
    return found


def _read_scalar(event: Any) -> Any:
    text = event.value
    if not event.implicit[0]:
        return text  # quoted, or a block
    if text in CONSTANTS:
        return CONSTANTS[text]
    if AMBIGUOUS.fullmatch(text):
        _refuse_at(event, f'{text} may mean a boolean or a text; write true, false or "{text}"')
    return _read_number(event) if NUMBER.fullmatch(text) else text


def _read_number(event: Any) -> Any:
    try:
        return json.loads(event.value, parse_float=_finite_float)
    except ValueError as exc:
        _refuse_at(event, str(exc))


def _key_name(event: Any) -> str:
    return f"'{event.value}'" if isinstance(event, yaml.ScalarEvent) else "of this mapping"


PRINTABLE_LINES = re.compile(r"[^\x00-\x09\x0b-\x1f\x7f-\xa0\u2028\u2029\ufeff]*")
"""Texts without characters that editors hide or treat as the end of a line."""


class _Dumper(DUMPER):  # type: ignore[misc]
    """Quotes texts that a YAML 1.1 parser or ours would read as another type."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = None
    if not PRINTABLE_LINES.fullmatch(text):
        style = '"'
    elif "\n" in text:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_implicit_resolver(
    "!number", re.compile(rf"(?:{NUMBER.pattern})\Z"), list("-0123456789")
)
_Dumper.add_representer(str, _represent_text)
