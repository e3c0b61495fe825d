"""What may stand in the braces of a payload's texts: expressions over JSON, quick and harmless."""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

MARK = "{{"
UNREADABLE = (TemplateError, RecursionError)
FILTERS = "abs default first float int last length list lower sort string title trim unique upper"
MISUSED = (
    "'{0}' is a secret, which could not be masked any more: "
    "it may only stand as {{{{ params.{0} }}}}, alone or inside a text"
)
ALL_MISUSED = "params holds a secret: name the parameter that is meant, as in {{ params.day }}"
LONGEST_JOIN = 1_000_000
MOST_DIGITS = 15


class _Environment(ImmutableSandboxedEnvironment):
    # Payloads are rendered under the run's lock: no expression may take long or grow large.
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) for side in (left, right)) or operator == "**":
            raise SecurityError(f"operator {operator} is not available here")
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        return False

    def getattr(self, obj: Any, attribute: str) -> Any:
        # What payloads see is JSON: a dot is a key, never a method of a Python object.
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        try:
            return obj[argument]
        except (LookupError, TypeError):
            return self.undefined(hint=f"unknown name '{argument}'{_known(obj)}")


def _join(items: Iterable[Any], separator: str = "") -> str:
    texts = [str(item) for item in items]
    if len(texts) * len(separator) > LONGEST_JOIN:
        raise SecurityError(f"join: makes more than {LONGEST_JOIN} characters of separators")
    return separator.join(texts)


def _round(number: float, digits: int = 0) -> float:
    if abs(digits) > MOST_DIGITS:
        raise SecurityError(f"round: at most {MOST_DIGITS} digits")
    return round(number, digits)


def _tojson(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


# Jinja's own take arguments that make little data large, or little work long.
OWN_FILTERS = {"join": _join, "round": _round, "tojson": _tojson}


def _known(obj: Any) -> str:
    names = list(obj)[:10] if isinstance(obj, dict) else []
    return f" (known: {', '.join(map(str, names))})" if names else ""


def _make_environment() -> _Environment:
    # Only expressions: the marks of statements and comments are ones that no text contains.
    environment = _Environment(
        undefined=StrictUndefined,
        block_start_string="\0%",
        block_end_string="%\0",
        comment_start_string="\0#",
        comment_end_string="#\0",
        keep_trailing_newline=True,
    )
    known = {name: environment.filters[name] for name in FILTERS.split()}
    environment.filters = {**known, **OWN_FILTERS}
    environment.globals = {}
    return environment


ENVIRONMENT = _make_environment()


def texts_in(payload: object) -> Iterator[str]:
    """Yield the texts of a payload that have something to be filled in."""
    if isinstance(payload, str):
        if MARK in payload:
            yield payload
        return
    children = payload.values() if isinstance(payload, dict) else payload
    if isinstance(payload, dict | list):
        for child in children:  # type: ignore[attr-defined]
            yield from texts_in(child)


def check_expressions(payload: object) -> Iterator[str]:
    """Yield what is wrong with the syntax of a payload's expressions."""
    for text in texts_in(payload):
        try:
            ENVIRONMENT.parse(text)
        except UNREADABLE as exc:
            yield f"{text!r}: {exc}"


def check_secrets(payload: object, secrets: Collection[str]) -> Iterator[str]:
    """
    Yield where a payload makes something of a secret parameter.

    Only the value as it is can be masked, so it may stand as `{{ params.token }}`, alone or inside
    a text, and take a default; nothing else may touch it, nor all parameters at once.
    """
    for text in texts_in(payload) if secrets else ():
        try:
            tree = ENVIRONMENT.parse(text)
        except UNREADABLE:
            continue  # said elsewhere
        yield from (f"{text!r}: {why}" for why in _misuses(tree, secrets))


def _misuses(tree: nodes.Template, secrets: Collection[str]) -> Iterator[str]:
    whole = {id(_shown(node)) for output in tree.find_all(nodes.Output) for node in output.nodes}
    named = {id(node.node): (node, key) for node, key in lookups(tree, "params")}
    for node, key in named.values():
        if key in secrets and id(node) not in whole:
            yield MISUSED.format(key)
    if any(each.name == "params" and id(each) not in named for each in tree.find_all(nodes.Name)):
        yield ALL_MISUSED


def lookups(
    tree: nodes.Template, name: str
) -> Iterator[tuple[nodes.Getattr | nodes.Getitem, object]]:
    """Yield where a key is looked up in a name, `name.key` or `name['key']`, and the key."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match node:
            case nodes.Getattr(node=nodes.Name(name=found), attr=key) if found == name:
                yield node, key
            case nodes.Getitem(node=nodes.Name(name=found), arg=nodes.Const(value=key)) if (
                found == name
            ):
                yield node, key


def _shown(node: nodes.Node) -> nodes.Node:
    """Return what an expression shows as it is, its defaults aside."""
    while isinstance(node, nodes.Filter) and node.name == "default" and node.node:
        node = node.node
    return node
