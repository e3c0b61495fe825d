"""Reads expressions: Jinja's syntax, of which only what is evaluated here is accepted."""

import re
from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from inspect import signature
from itertools import filterfalse
from typing import Any

from django.core.exceptions import ValidationError
from jinja2 import Environment, TemplateSyntaxError, Undefined, nodes

from workflows.models.bounds import LONGEST_REASON, cut
from workflows.models.fields import check_json
from workflows.payloads.evaluation import NODES, Scope, why_failed
from workflows.payloads.filters import FILTERS, TESTS
from workflows.payloads.work import TOO_DEEP, BadExpression, Work, calculable

EXPRESSION_START = "{{"
EXPRESSION = re.compile(r"\{\{.*?\}\}", re.DOTALL)
MOST_BRACKETS = 60
SHALLOW = 15
"""Levels of brackets that Jinja's parser can read on any stack; more get a stack of their own."""
MAX_DEPTH = 200
"""Levels of an expression: its evaluation must not depend on how deep its caller is."""
MOST_TOKENS = 10_000
"""Names, numbers and signs in all expressions of a payload: reading them takes time as well."""
LONGEST_TEXT = 500_000
"""Characters of all texts of a payload that contain expressions."""
LONGEST_QUOTE = 300
"""Characters of a payload's text that a message about it repeats."""
LONGEST_CACHED = 1_000
TOO_MANY = f"the expressions of a payload have more than {MOST_TOKENS:,} names, numbers and signs"
TEXT_TOO_LONG = (
    f"the texts with expressions have more than {LONGEST_TEXT:,} characters; write what is long "
    "into a file"
)
UNCLOSED = "unexpected end of template, expected 'end of print statement'."
"""What Jinja says of an expression that does not end."""
MISSING_END = "'}}' is missing"

UNREADABLE = (ArithmeticError, MemoryError, RecursionError, ValueError)
"""What Jinja's parser raises besides TemplateSyntaxError: on long numbers and deep nesting."""
PARTS = (nodes.Template, nodes.Output, nodes.TemplateData, nodes.Pair, nodes.Operand, nodes.Keyword)
NOT_AVAILABLE: dict[type[nodes.Node], str] = {
    nodes.Call: "calls are not available",
    nodes.Pow: "operator ** is not available",
}

# Expressions only: statements and comments get delimiters that no text contains.
ENVIRONMENT = Environment(  # noqa: S701 (it only parses)
    block_start_string="\0%",
    block_end_string="%\0",
    comment_start_string="\0#",
    comment_end_string="#\0",
    keep_trailing_newline=True,
)


def parsed(text: str) -> nodes.Template:
    """
    Return the tree of a text with expressions.

    It is shared, since each text is read several times: never change it.

    :raises BadExpression: saying what is wrong, and how to write braces that are no expression.
    """
    found = _short_before(text) if len(text) <= LONGEST_CACHED else _long_before(text)
    if isinstance(found, str):
        raise BadExpression(found)
    return found


def quoted_text(text: str) -> str:
    """Return a text of a payload as messages quote it, without the rest of a long one."""
    return repr(text if len(text) <= LONGEST_QUOTE else f"{text[:LONGEST_QUOTE]}…")


def check_amount(texts: Collection[str]) -> None:
    """
    Refuse more expressions than can be read in a moment.

    :raises BadExpression: if the texts of a payload are too long, or hold too many.
    """
    if sum(map(len, texts)) > LONGEST_TEXT:
        raise BadExpression(TEXT_TOO_LONG)
    # No text has more tokens than characters.
    if sum(map(len, texts)) > MOST_TOKENS and sum(map(_count_tokens, texts)) > MOST_TOKENS:
        raise BadExpression(TOO_MANY)


def _tree_or_problem(text: str) -> nodes.Template | str:
    try:
        return _parse(text)
    except BadExpression as exc:
        return _without_rest(str(exc))


def _parse(text: str) -> nodes.Template:
    try:
        if _count_brackets(text) <= SHALLOW:
            tree = ENVIRONMENT.parse(text)
        else:
            with ThreadPoolExecutor(1) as fresh_stack:
                tree = fresh_stack.submit(ENVIRONMENT.parse, text).result()
    except TemplateSyntaxError as exc:
        why = MISSING_END if exc.message == UNCLOSED else _without_rest(exc.message)
        raise BadExpression(f"{why}; {_how_to_print_braces(text)}") from exc
    except UNREADABLE as exc:
        raise BadExpression(why_failed(exc)) from exc
    _check_tree(tree)
    return tree


_short_before = lru_cache(256)(_tree_or_problem)
_long_before = lru_cache(8)(_tree_or_problem)


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    found = ((kind, value) for _, kind, value in ENVIRONMENT.lex(text))
    return ((kind, value) for kind, value in found if kind not in {"data", "whitespace"})


def _count_tokens(text: str) -> int:
    count = 0
    try:
        for count, _ in enumerate(_tokens(text), 1):
            if count > MOST_TOKENS:
                break
    except TemplateSyntaxError:
        pass  # reported when the text is parsed
    return count


def _count_brackets(text: str) -> int:
    """Return how deep brackets are nested; the lexer needs no stack for them."""
    depth = deepest = 0
    for number, (kind, value) in enumerate(_tokens(text)):
        if kind == "operator":
            depth += (value in "([{") - (value in ")]}")
            deepest = max(deepest, depth)
        if deepest > MOST_BRACKETS:
            raise BadExpression(TOO_DEEP)
        if number > MOST_TOKENS:
            raise BadExpression(TOO_MANY)
    return deepest


def _check_tree(tree: nodes.Node) -> None:
    # Level by level: recursion would fail on what is nested deeply.
    level: list[nodes.Node] = [tree]
    for _ in range(MAX_DEPTH):
        for node in level:
            _check_node(node)
        level = [child for node in level for child in node.iter_child_nodes()]
        if not level:
            break
    else:
        raise BadExpression(TOO_DEEP)
    _check_constants(tree, Scope({}, Work()))


def _check_node(node: nodes.Node) -> None:
    match node:
        case nodes.Const():
            _check_constant(node.value)
        case nodes.Filter():
            _check_call(node, "filter", {name: each.function for name, each in FILTERS.items()})
        case nodes.Test():
            _check_call(node, "test", TESTS)
        case nodes.Slice() | nodes.Template() | nodes.Output():
            pass
        case _ if type(node) not in NODES and not isinstance(node, PARTS):
            kind = type(node).__name__.lower()
            raise BadExpression(NOT_AVAILABLE.get(type(node), f"{kind} is not available"))


def _check_constant(value: Any) -> None:
    calculable(value)
    try:
        check_json(value)
    except ValidationError as exc:
        raise BadExpression(f"a constant {exc.message}") from exc


def _check_call(node: Any, what: str, known: Any) -> None:
    """Check that a filter or a test exists and takes these arguments."""
    if node.name not in known:
        raise BadExpression(f"No {what} named {node.name!r} (known: {', '.join(known)})")
    names = [each.key for each in node.kwargs]
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise BadExpression(f"{node.name}: keyword argument repeated: {twice}")
    if node.dyn_args or node.dyn_kwargs:
        raise BadExpression(f"{node.name}: * and ** are not available")
    try:
        signature(known[node.name]).bind(node.node, *node.args, **dict.fromkeys(names))
    except TypeError as exc:
        raise BadExpression(f"{node.name}: {exc}") from exc


def _check_constants(node: nodes.Node, scope: Scope) -> bool:
    """Return True if the value of a node is known without any run; evaluate the largest such."""
    children = list(node.iter_child_nodes())
    known = [_check_constants(child, scope) for child in children]
    if all(known) and not isinstance(node, nodes.Name | nodes.Output | nodes.Template):
        return True
    for child, is_known in zip(children, known, strict=True):
        if is_known and type(child) in NODES:
            _check_value(child, scope)
    return False


def _check_value(constant: nodes.Node, scope: Scope) -> None:
    try:
        value = scope.value(constant)
        if not isinstance(value, Undefined):
            scope.work.read(value)
    except Exception as exc:
        raise BadExpression(why_failed(exc)) from exc


def _how_to_print_braces(text: str) -> str:
    """Return how to write the first braces of a text that Jinja does not understand."""
    candidates = (found[0] for found in EXPRESSION.finditer(text[:LONGEST_QUOTE]))
    literal = next(filterfalse(_is_expression, candidates), EXPRESSION_START)
    escaped = literal.replace("\\", "\\\\").replace("'", "\\'")
    return f"to print {literal} literally, write {{{{ '{escaped}' }}}}"


def _without_rest(message: str | None) -> str:
    return cut(message or "", most=LONGEST_REASON)


def _is_expression(text: str) -> bool:
    try:
        ENVIRONMENT.parse(text)
    except TemplateSyntaxError:
        return False
    except UNREADABLE:
        pass
    return True
