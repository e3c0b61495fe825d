"""The expressions in a payload's texts: Jinja over JSON data, sandboxed and bounded in cost."""

import json
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

EXPRESSION_START = "{{"
EXPRESSION_ERRORS = (TemplateError, RecursionError)
FILTERS = "abs default first float int last length list lower sort string title trim unique upper"
MISUSED_PARAMETER = (
    "'{0}' is a secret: use it only as {{{{ params.{0} }}}}, alone or inside a text; "
    "the result of another expression could not be masked"
)
MISUSED_PARAMS = "params contains a secret: name a single parameter, as in {{ params.day }}"
MAX_JOIN_LENGTH = 1_000_000
MAX_DIGITS = 15


class _Environment(ImmutableSandboxedEnvironment):
    # Payloads are rendered while the run is locked: no expression may take long or grow large.
    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        if not all(isinstance(side, int | float) for side in (left, right)) or operator == "**":
            raise SecurityError(f"operator {operator} is not available")
        return super().call_binop(context, operator, left, right)

    def is_safe_callable(self, obj: Any) -> bool:
        return False

    def getattr(self, obj: Any, attribute: str) -> Any:
        # Payloads see JSON only: a dot looks up a key, never an attribute of a Python object.
        return self.getitem(obj, attribute)

    def getitem(self, obj: Any, argument: Any) -> Any:
        try:
            return obj[argument]
        except (LookupError, TypeError):
            return self.undefined(hint=f"unknown name '{argument}'{_known_names(obj)}")


def _join(items: Iterable[Any], separator: str = "") -> str:
    texts = [str(item) for item in items]
    if len(texts) * len(separator) > MAX_JOIN_LENGTH:
        raise SecurityError(f"join: the separators exceed {MAX_JOIN_LENGTH} characters")
    return separator.join(texts)


def _round(number: float, digits: int = 0) -> float:
    if abs(digits) > MAX_DIGITS:
        raise SecurityError(f"round: at most {MAX_DIGITS} digits")
    return round(number, digits)


def _tojson(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


# Jinja's own versions accept arguments that make the result large or the work long.
OWN_FILTERS = {"join": _join, "round": _round, "tojson": _tojson}


def _known_names(obj: Any) -> str:
    names = list(obj)[:10] if isinstance(obj, dict) else []
    return f" (known: {', '.join(map(str, names))})" if names else ""


def _make_environment() -> _Environment:
    # Expressions only: statements and comments get delimiters that no text contains.
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


def templated_texts(payload: object) -> Iterator[str]:
    """Yield the texts of a payload that contain an expression."""
    if isinstance(payload, str):
        if EXPRESSION_START in payload:
            yield payload
        return
    children = payload.values() if isinstance(payload, dict) else payload
    if isinstance(payload, dict | list):
        for child in children:  # type: ignore[attr-defined]
            yield from templated_texts(child)


def check_expressions(payload: object) -> Iterator[str]:
    """Yield the syntax errors of a payload's expressions."""
    for text in templated_texts(payload):
        try:
            ENVIRONMENT.parse(text)
        except EXPRESSION_ERRORS as exc:
            yield f"{text!r}: {exc}"


def check_secrets(payload: object, secrets: Collection[str]) -> Iterator[str]:
    """
    Yield the expressions of a payload that use a secret parameter in a way that cannot be masked.

    Only the unchanged value can be masked: `{{ params.token }}`, alone or inside a text, also with
    a default. No other filter or operator may use it, and nothing may use `params` as a whole.
    """
    for text in templated_texts(payload) if secrets else ():
        try:
            tree = ENVIRONMENT.parse(text)
        except EXPRESSION_ERRORS:
            continue  # reported by check_expressions
        yield from (f"{text!r}: {why}" for why in _secret_misuses(tree, secrets))


def _secret_misuses(tree: nodes.Template, secrets: Collection[str]) -> Iterator[str]:
    whole = {
        id(_without_default_filters(node))
        for output in tree.find_all(nodes.Output)
        for node in output.nodes
    }
    named = {id(node.node): (node, key) for node, key in lookups(tree, "params")}
    for node, key in named.values():
        if key in secrets and id(node) not in whole:
            yield MISUSED_PARAMETER.format(key)
    if any(each.name == "params" and id(each) not in named for each in tree.find_all(nodes.Name)):
        yield MISUSED_PARAMS


def lookups(
    tree: nodes.Template, name: str
) -> Iterator[tuple[nodes.Getattr | nodes.Getitem, object]]:
    """Yield each lookup in a name, `name.key` or `name['key']`, with its key."""
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match node:
            case nodes.Getattr(node=nodes.Name(name=found), attr=key) if found == name:
                yield node, key
            case nodes.Getitem(node=nodes.Name(name=found), arg=nodes.Const(value=key)) if (
                found == name
            ):
                yield node, key


def _without_default_filters(node: nodes.Node) -> nodes.Node:
    """Return the expression inside any number of `default` filters."""
    while isinstance(node, nodes.Filter) and node.name == "default" and node.node:
        node = node.node
    return node
