"""
The transaction of an operation, as entry points open it.

Operations are plain `atomic()` functions, which also work inside the transaction of whoever calls
them. An entry point answers people, so what it has called must be stored by then, and runners must
have been called: there, the operation's own transaction is the outermost one, also where a project
wraps every request in a transaction (`ATOMIC_REQUESTS`).
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from django.db import connections
from django.db.transaction import non_atomic_requests
from django.urls import URLResolver

from runners import transaction
from runners.database import connection

P = ParamSpec("P")
Result = TypeVar("Result")
Urls = TypeVar("Urls", bound=Sequence[Any])

SETTINGS = [
    "lock_timeout",
    "enable_seqscan",
    "enable_hashjoin",
    "enable_mergejoin",
    "jit",
    "plan_cache_mode",
]
"""What operations set on PostgreSQL, to the end of the transaction."""
READ_SETTINGS = "SELECT name, current_setting(name) FROM unnest(%s::text[]) AS kept(name)"
RESTORE_SETTINGS = """
    SELECT set_config(name, value, true) FROM unnest(%s::text[], %s::text[]) AS kept(name, value)
"""


class InsideTransaction(RuntimeError):
    """What needs transactions of its own was called inside a transaction; call it after that."""


def check_outermost(what: str) -> None:
    """
    Accept a call that is not inside a transaction.

    As `atomic(durable=True)` does, which would make a savepoint of the operation's own block, at
    the cost of two statements.

    :raises InsideTransaction: if it is inside of one, other than that of a test case.
    """
    if is_in_transaction():
        text = f"{what} was called inside a transaction; call it after that has committed."
        raise InsideTransaction(text)


def is_in_transaction() -> bool:
    """Return True inside a transaction, other than that of a test case."""
    blocks = connection.atomic_blocks
    return bool(blocks) and not getattr(blocks[-1], "_from_testcase", False)


def nestable(operation: Callable[P, Result]) -> Callable[P, Result]:
    """
    Make an operation one transaction, or a savepoint of the caller's, which keeps its settings.

    Only the latter costs two statements: what is set for a transaction outlives its savepoints, and
    the rest of the caller's would give up on locks and plan its queries as we do. What is rolled
    back resets itself.
    """
    in_transaction = transaction.atomic(operation)

    @wraps(operation)
    def call(*args: P.args, **kwargs: P.kwargs) -> Result:
        if connection.vendor != "postgresql" or not is_in_transaction():
            return in_transaction(*args, **kwargs)
        with connection.cursor() as cursor:
            cursor.execute(READ_SETTINGS, [SETTINGS])
            names, values = map(list, zip(*cursor.fetchall(), strict=True))
            result = in_transaction(*args, **kwargs)
            cursor.execute(RESTORE_SETTINGS, [names, values])
        return result

    return call


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
            for alias in connections:
                non_atomic_requests(alias)(view)
    return urls
