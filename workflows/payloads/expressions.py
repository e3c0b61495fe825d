"""
The expressions in a payload's texts: Jinja over JSON data, sandboxed and bounded in cost.

Inside texts, values are spelled as JSON spells them: `true`, `[1, 2]`, nothing for null.
"""

import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from itertools import filterfalse
from math import isfinite
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, Undefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.visitor import NodeTransformer

from runners.base import json_text

EXPRESSION_START = "{{"
EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
FILTERS = "abs default first float int last length list lower sort string title trim unique upper"
MISUSED_PARAMETER = (
    "'{0}' is a secret: use it only as {{{{ params.{0} }}}}, alone or inside a text; "
    "the result of another expression could not be masked"
)
MISUSED_PARAMS = "params contains a secret: name a single parameter, as in {{ params.day }}"
MAX_JOIN_LENGTH = 1_000_000
MAX_DIGITS = 15
MAX_DEPTH = 200
"""Levels of an expression; Python compiles no more."""
LONGEST_QUOTE = 300
"""Characters of a payload's text that a message about it repeats."""
CACHED_TEXTS = 256
LONGEST_CACHED = 1_000
TOO_DEEP = "the expression is nested too deeply"
TOO_LONG = "a number has too many digits"
TOO_LARGE = "a number is larger than JSON can hold"


UNREADABLE = (ArithmeticError, MemoryError, RecursionError, ValueError)
"""What Jinja's parser raises besides TemplateSyntaxError: on long numbers and deep nesting."""


class BadExpression(Exception):
    """A text holds an expression that cannot be understood; the message says why."""


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


def plain_value(value: Any) -> Any:
    """Return what an expression evaluates to as JSON data; a name that is unknown raises."""
    if isinstance(value, Undefined):
        return str(value)
    return list(value) if isinstance(value, Iterator) else value


def _spelled(value: Any) -> str:
    """Return a value as it is spelled inside a text."""
    return json_text(plain_value(value))


def _of_text(text_filter: Callable[..., Any]) -> Callable[..., Any]:
    """Let a filter of texts take any value, as it is spelled inside a text."""
    return lambda value, *options, **named: text_filter(_spelled(value), *options, **named)


def _join(items: Iterable[Any], separator: object = "") -> str:
    if not isinstance(separator, str):
        raise TypeError(f"join: the separator {_spelled(separator)} is not a text")
    texts = [_spelled(item) for item in items]
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
FILTERS_OF_TEXTS = "lower string title trim upper"


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
        finalize=_spelled,
        # Without it, 1e308 + 1e308 would become the name `inf` in the compiled expression.
        optimized=False,
    )
    known = {name: environment.filters[name] for name in FILTERS.split()}
    of_texts = {name: _of_text(known[name]) for name in FILTERS_OF_TEXTS.split()}
    environment.filters = {**known, **of_texts, **OWN_FILTERS}
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


class _ConcatAsJoin(NodeTransformer):
    """Spells what `~` concatenates as every other value inside a text."""

    def visit_Concat(self, node: nodes.Concat) -> nodes.Filter:  # noqa: N802 (named by Jinja)
        self.generic_visit(node)
        texts = nodes.List(node.nodes, lineno=node.lineno)
        return nodes.Filter(texts, "join", [], [], None, None, lineno=node.lineno)


def parsed(text: str) -> nodes.Template:
    """
    Parse a text with expressions.

    The tree is shared, since each text is parsed several times: never change it.

    :raises BadExpression: saying what is wrong, and how to write braces that are no expression.
    """
    return _parsed_before(text) if len(text) <= LONGEST_CACHED else _parse(text)


def _parse(text: str) -> nodes.Template:
    try:
        tree = ENVIRONMENT.parse(text)
        _check_tree(tree)
        checked: nodes.Template = _ConcatAsJoin().visit(tree)
    except TemplateSyntaxError as exc:
        raise BadExpression(f"{exc.message}; {_how_to_print_braces(text)}") from exc
    except UNREADABLE as exc:
        raise BadExpression(why_failed(exc)) from exc
    return checked


_parsed_before = lru_cache(CACHED_TEXTS)(_parse)


def _check_tree(tree: nodes.Node) -> None:
    # Level by level: recursion would fail on what is nested deeply.
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_DEPTH):
        for node in level:
            if isinstance(node, nodes.Const) and _is_infinite(node.value):
                raise BadExpression(TOO_LARGE)
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            return
    raise BadExpression(TOO_DEEP)


def _is_infinite(value: object) -> bool:
    return isinstance(value, float) and not isfinite(value)


def _how_to_print_braces(text: str) -> str:
    """Return how to write the first braces of a text that Jinja does not understand."""
    candidates = (found[0] for found in EXPRESSION.finditer(text[:LONGEST_QUOTE]))
    literal = next(filterfalse(_is_expression, candidates), EXPRESSION_START)
    escaped = literal.replace("\\", "\\\\").replace("'", "\\'")
    return f"to print {literal} literally, write {{{{ '{escaped}' }}}}"


def _is_expression(text: str) -> bool:
    try:
        ENVIRONMENT.parse(text)
    except TemplateSyntaxError:
        return False
    except UNREADABLE:
        pass
    return True


def why_failed(exc: Exception) -> str:
    """Return why an expression could not be parsed, compiled or evaluated, for people."""
    match exc:
        case RecursionError() | MemoryError():
            return TOO_DEEP
        case SyntaxError():
            return TOO_DEEP if "too many" in exc.msg else exc.msg
        case ValueError() if "int_max_str_digits" in str(exc):
            return TOO_LONG
        case ValueError() if "not JSON compliant" in str(exc):
            return TOO_LARGE
    return str(exc)


def quoted_text(text: str) -> str:
    """Return a text of a payload as messages quote it, without the rest of a long one."""
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…")


def check_expressions(payload: object) -> Iterator[str]:
    """Yield what is wrong with a payload's expressions."""
    for text in templated_texts(payload):
        try:
            parsed(text)
        except BadExpression as exc:
            yield f"{quoted_text(text)}: {exc}"


def check_secrets(payload: object, secrets: Collection[str]) -> Iterator[str]:
    """
    Yield the expressions of a payload that use a secret parameter in a way that cannot be masked.

    Only the unchanged value can be masked: `{{ params.token }}`, alone or inside a text, also with
    a default. No other filter or operator may use it, and nothing may use `params` as a whole.
    """
    for text in templated_texts(payload) if secrets else ():
        try:
            tree = parsed(text)
        except BadExpression:
            continue  # reported by check_expressions
        yield from (f"{quoted_text(text)}: {why}" for why in _secret_misuses(tree, secrets))


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
