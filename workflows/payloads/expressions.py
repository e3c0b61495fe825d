"""The expressions in the texts of a payload, and what is wrong with them."""

from collections.abc import Collection, Iterator

from jinja2 import nodes

from workflows.payloads.syntax import EXPRESSION_START, check_amount, parsed, quoted_text
from workflows.payloads.work import BadExpression

MISUSED_PARAMETER = (
    "'{0}' is a secret: use it only as {{{{ params.{0} }}}}, alone or inside a text; "
    "the result of another expression could not be masked"
)
MISUSED_PARAMS = "params contains a secret: name a single parameter, as in {{ params.day }}"


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
