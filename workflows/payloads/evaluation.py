"""
Evaluates the tree of an expression over JSON data.

Not by Jinja, which would make Python of it: there, an author's text decides how long Python
compiles, and what it holds meanwhile. Here, each operation pays for its work before it is done.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from jinja2 import StrictUndefined, Undefined, nodes
from jinja2.exceptions import UndefinedError

from workflows.payloads.filters import FILTERS, TESTS, lookup, spelled
from workflows.payloads.work import (
    TOO_DEEP,
    TOO_LARGE,
    TOO_LONG,
    BadExpression,
    Work,
    calculable,
)

NO_ELSE = "the condition is false, and there is no else"


@dataclass(frozen=True, slots=True)
class Scope:
    """What an expression sees, and how much it may still do."""

    names: Mapping[str, Any]
    work: Work

    def value(self, node: Any) -> Any:
        """Return the value of a node; of an unknown name, what raises when it is used."""
        return NODES[type(node)](node, self)

    def text(self, node: nodes.Node) -> str:
        """Return the value of a node as it is spelled inside a text."""
        if isinstance(node, nodes.TemplateData):
            return node.data
        value = self.value(node)
        self.work.read(value)
        return spelled(value)


def why_failed(exc: Exception) -> str:
    """Return why an expression could not be read or evaluated, for people."""
    match exc:
        case RecursionError() | MemoryError():
            return TOO_DEEP
        case ValueError() if "int_max_str_digits" in str(exc):
            return TOO_LONG
        case ValueError() if "not JSON compliant" in str(exc):
            return TOO_LARGE
    return str(exc) or type(exc).__name__


def _name(node: nodes.Name, scope: Scope) -> Any:
    return scope.names.get(node.name, StrictUndefined(name=node.name))


def _attribute(node: nodes.Getattr, scope: Scope) -> Any:
    return lookup(scope.value(node.node), node.attr)


def _item(node: nodes.Getitem, scope: Scope) -> Any:
    value = scope.value(node.node)
    if not isinstance(node.arg, nodes.Slice):
        return lookup(value, scope.value(node.arg))
    scope.work.read(value)
    parts = (node.arg.start, node.arg.stop, node.arg.step)
    return lookup(value, slice(*(part and scope.value(part) for part in parts)))


def _list(node: nodes.List | nodes.Tuple, scope: Scope) -> list[Any]:
    return list(map(scope.value, node.items))


def _dict(node: nodes.Dict, scope: Scope) -> dict[Any, Any]:
    return {scope.value(pair.key): scope.value(pair.value) for pair in node.items}


def _condition(node: nodes.CondExpr, scope: Scope) -> Any:
    if scope.value(node.test):
        return scope.value(node.expr1)
    # Nothing, where it is used as a text: the one name that may be missing.
    return scope.value(node.expr2) if node.expr2 else Undefined(hint=NO_ELSE)


COMPARISONS: dict[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "gteq": operator.ge,
    "lt": operator.lt,
    "lteq": operator.le,
    "in": lambda item, items: item in items,
    "notin": lambda item, items: item not in items,
}


def _compare(node: nodes.Compare, scope: Scope) -> Any:
    left, result = scope.value(node.expr), True
    for operand in node.ops:
        right = scope.value(operand.expr)
        scope.work.read(left)
        scope.work.read(right)
        if not (result := COMPARISONS[operand.op](left, right)):
            break
        left = right
    return result


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _calculation(function: Callable[..., Any], sign: str, *, of_texts: bool = False) -> Any:
    """Return how a node is evaluated that calculates with two numbers."""

    def calculate(node: nodes.BinExpr, scope: Scope) -> Any:
        left, right = scope.value(node.left), scope.value(node.right)
        scope.work.read(left)
        scope.work.read(right)
        if not (of_texts or (_is_number(left) and _is_number(right))):
            raise BadExpression(f"operator {sign} is for numbers")
        return calculable(function(calculable(left), calculable(right)))

    return calculate


def _concat(node: nodes.Concat, scope: Scope) -> str:
    texts = list(map(scope.text, node.nodes))
    scope.work.spend(sum(map(len, texts)))
    return "".join(texts)


def _filter(node: nodes.Filter, scope: Scope) -> Any:
    found = FILTERS[node.name]
    value, arguments, named = _operands(node, scope)
    if node.name != "default" and (isinstance(value, Undefined) or found.times):
        scope.work.read(value, found.cost_factor(value))
    return _called(node.name, found.function, value, *arguments, **named)


def _test(node: nodes.Test, scope: Scope) -> Any:
    value, arguments, named = _operands(node, scope)
    if node.name not in {"defined", "undefined"}:
        for each in (value, *arguments):
            scope.work.read(each)
    return _called(node.name, TESTS[node.name], value, *arguments, **named)


def _operands(node: Any, scope: Scope) -> tuple[Any, list[Any], dict[str, Any]]:
    named = {each.key: scope.value(each.value) for each in node.kwargs}
    return scope.value(node.node), list(map(scope.value, node.args)), named


def _called(name: str, function: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    try:
        return function(*arguments, **named)
    except UndefinedError:
        raise
    except Exception as exc:
        raise BadExpression(f"{name}: {why_failed(exc)}") from exc


NODES: dict[type[nodes.Node], Callable[[Any, Scope], Any]] = {
    nodes.Const: lambda node, _: node.value,
    nodes.Name: _name,
    nodes.Getattr: _attribute,
    nodes.Getitem: _item,
    nodes.List: _list,
    nodes.Tuple: _list,
    nodes.Dict: _dict,
    nodes.CondExpr: _condition,
    nodes.And: lambda node, scope: scope.value(node.left) and scope.value(node.right),
    nodes.Or: lambda node, scope: scope.value(node.left) or scope.value(node.right),
    nodes.Not: lambda node, scope: not scope.value(node.node),
    nodes.Compare: _compare,
    nodes.Add: _calculation(operator.add, "+", of_texts=True),
    nodes.Sub: _calculation(operator.sub, "-"),
    nodes.Mul: _calculation(operator.mul, "*"),
    nodes.Div: _calculation(operator.truediv, "/"),
    nodes.FloorDiv: _calculation(operator.floordiv, "//"),
    nodes.Mod: _calculation(operator.mod, "%"),
    nodes.Neg: lambda node, scope: -scope.value(node.node),
    nodes.Pos: lambda node, scope: +scope.value(node.node),
    nodes.Concat: _concat,
    nodes.Filter: _filter,
    nodes.Test: _test,
}
"""How each kind of node is evaluated; what is not here is not available."""
