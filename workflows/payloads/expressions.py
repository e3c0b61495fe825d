"""The expressions in the texts of a payload, what they refer to, and what is wrong with them."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from jinja2 import nodes

from workflows.payloads.syntax import EXPRESSION_START, check_amount, parsed, quoted_text
from workflows.payloads.work import BadExpression

MISUSED_PARAMETER = (
    "'{0}' is a secret: use it only as {{{{ params.{0} }}}}, alone or inside a text; "
    "the result of another expression could not be masked"
)
STATEMENT = re.compile(
    r"\{%[-+]?\s*(?:if|elif|else|endif|for|endfor|set|endset|macro|call|filter|block|raw|include|import"
    r"|from|extends|with|do)\b[^{}]*%\}"
)
NO_STATEMENTS = (
    "statements are not available; choose a value by {{{{ a if condition else b }}}}, or, to print "
    "it literally, write {{{{ '{}' }}}}"
)
MISUSED_PARAMS = "params contains a secret: name a single parameter, as in {{ params.day }}"


def texts_in(payload: object) -> Iterator[str]:
    """Yield the texts of a payload; keys are none, since nothing is rendered in them."""
    if isinstance(payload, str):
        yield payload
        return
    children = payload.values() if isinstance(payload, dict) else payload
    if isinstance(payload, dict | list):
        for child in children:  # type: ignore[attr-defined]
            yield from texts_in(child)


def templated_texts(payload: object) -> Iterator[str]:
    """Yield the texts of a payload that contain an expression."""
    return (text for text in texts_in(payload) if EXPRESSION_START in text)


def check_expressions(payload: object) -> Iterator[str]:
    """Yield what is wrong with a payload's expressions."""
    texts = list(templated_texts(payload))
    try:
        check_amount(texts)
    except BadExpression as exc:
        yield str(exc)
        return
    for text in texts:
        try:
            parsed(text)
        except BadExpression as exc:
            yield f"{quoted_text(text)}: {exc}"


def check_statements(payload: object) -> Iterator[str]:
    """Yield the texts of a payload with a statement, such as `{% if … %}`, outside expressions."""
    for text in texts_in(payload):
        # Most texts have none; the others are worth parsing.
        literals = _literals(text) if STATEMENT.search(text) else ()
        if found := next(filter(None, map(STATEMENT.search, literals)), None):
            yield f"{quoted_text(text)}: {NO_STATEMENTS.format(found[0])}"


def references(payload: object) -> Iterator[tuple[str, tuple[str, ...]]]:
    """
    Yield each name that a payload's expressions use, with the text that it stands in.

    A name is the path that is known without a run: `tasks.a.result` is `("tasks", "a", "result")`.
    """
    for text in templated_texts(payload):
        try:
            tree = parsed(text)
        except BadExpression:
            continue  # reported by check_expressions
        above = {id(node.node): (node, key) for node, key in _keyed_nodes(tree)}
        names = (_known_path(name, above) for name in tree.find_all(nodes.Name))
        yield from ((quoted_text(text), path) for path in dict.fromkeys(names))


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
    for node, key in _keyed_nodes(tree):
        if isinstance(node.node, nodes.Name) and node.node.name == name:
            yield node, key


def _keyed_nodes(
    tree: nodes.Template,
) -> Iterator[tuple[nodes.Getattr | nodes.Getitem, object]]:
    for node in tree.find_all((nodes.Getattr, nodes.Getitem)):
        match node:
            case nodes.Getattr(attr=key):
                yield node, key
            case nodes.Getitem(arg=nodes.Const(value=key)):
                yield node, key


def _known_path(name: nodes.Name, above: Mapping[int, tuple[Any, object]]) -> tuple[str, ...]:
    path, node = [name.name], name
    while id(node) in above:
        node, key = above[id(node)]
        if not isinstance(key, str):
            break
        path.append(key)
    return tuple(path)


def _literals(text: str) -> list[str]:
    """Return the parts of a text that stand outside its expressions."""
    if EXPRESSION_START not in text:
        return [text]
    try:
        return [node.data for node in parsed(text).find_all(nodes.TemplateData)]
    except BadExpression:
        return []  # reported by check_expressions


def _without_default_filters(node: nodes.Node) -> nodes.Node:
    """Return the expression inside any number of `default` filters."""
    while isinstance(node, nodes.Filter) and node.name == "default" and node.node:
        node = node.node
    return node
