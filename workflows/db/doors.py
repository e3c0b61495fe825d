"""
The transaction of an operation, as entry points open it.

Operations are plain `atomic()` functions, which also work inside the transaction of whoever calls
them. An entry point answers people, so what it has called must be stored by then, and runners must
have been called: there, the operation's own transaction is the outermost one, also where a project
wraps every request in a transaction (`ATOMIC_REQUESTS`).
"""

from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar

from django.db import transaction
from django.urls import URLResolver

P = ParamSpec("P")
Result = TypeVar("Result")
Urls = TypeVar("Urls", bound=Sequence[Any])


class InsideTransaction(RuntimeError):
    """What needs transactions of its own was called inside a transaction; call it after that."""


def check_outermost(what: str) -> None:
    """
    Accept a call that is not inside a transaction.

    As `atomic(durable=True)` does, which would make a savepoint of the operation's own block, at
    the cost of two statements.

    :raises InsideTransaction: if it is inside of one, other than that of a test case.
    """
    blocks = transaction.get_connection().atomic_blocks
    if blocks and not getattr(blocks[-1], "_from_testcase", False):
        text = f"{what} was called inside a transaction; call it after that has committed."
        raise InsideTransaction(text)


def durably(operation: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Call an operation; what it does has committed when this returns."""
    check_outermost(getattr(operation, "__name__", "The operation"))
    return operation(*args, **kwargs)


def outside_transactions(urls: Urls) -> Urls:
    """Return URLs whose views are not wrapped in a transaction each."""
    for each in urls:
        if isinstance(each, URLResolver):
            outside_transactions(each.url_patterns)
        else:
            view: Any = each.callback
            transaction.non_atomic_requests(view)
    return urls
