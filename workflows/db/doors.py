"""
The transaction of an operation, as entry points open it.

Operations are plain `atomic()` functions, which also work inside the transaction of whoever calls
them. An entry point answers people, so what it has called must be stored by then, and runners must
have been called: its transaction is the outermost one, also where a project wraps every request in
a transaction (`ATOMIC_REQUESTS`).
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, ParamSpec, TypeVar

from django.db import transaction
from django.urls import URLResolver

P = ParamSpec("P")
Result = TypeVar("Result")
Urls = TypeVar("Urls", bound=Sequence[Any])


class InsideTransaction(RuntimeError):
    """What needs transactions of its own was called inside a transaction; call it after that."""


@contextmanager
def outermost(what: str) -> Iterator[None]:
    """
    Execute a block in a transaction that has committed when the block ends.

    :raises InsideTransaction: if it could not, since the caller has a transaction.
    """
    with ExitStack() as block:
        try:
            block.enter_context(transaction.atomic(durable=True))
        except RuntimeError as exc:
            text = f"{what} was called inside a transaction; call it after that has committed."
            raise InsideTransaction(text) from exc
        yield


def durably(operation: Callable[P, Result], *args: P.args, **kwargs: P.kwargs) -> Result:
    """Call an operation; it has committed when this returns."""
    with outermost(getattr(operation, "__name__", "The operation")):
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
