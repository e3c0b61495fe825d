"""`django.db.transaction` for the database of both apps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, overload

from django.db import transaction

from runners.database import connection, database_alias

Function = TypeVar("Function", bound=Callable[..., Any])
LOCKING = {"IMMEDIATE", "EXCLUSIVE"}
"""The modes in which a transaction of SQLite takes the lock for writing when it begins."""


class Atomic(transaction.Atomic):
    """
    A transaction that waits for SQLite's lock for writing when it begins.

    One that begins by reading and then writes cannot wait: SQLite refuses it at once with "database
    is locked". Transactions of the project itself begin as its own settings say.
    """

    using = property(lambda _: database_alias(), lambda *_: None)

    def __enter__(self) -> None:
        """Begin."""
        with locking_when_begun():
            super().__enter__()


@contextmanager
def locking_when_begun() -> Iterator[None]:
    """Have transactions that others begin in this block take SQLite's lock as ours do."""
    if connection.vendor != "sqlite" or connection.in_atomic_block:
        yield
        return
    connection.ensure_connection()  # which sets the mode
    sqlite: Any = connection
    of_project = sqlite.transaction_mode
    if of_project not in LOCKING:
        sqlite.transaction_mode = "IMMEDIATE"
    try:
        yield
    finally:
        sqlite.transaction_mode = of_project


@overload
def atomic(function: Function, /) -> Function: ...
@overload
def atomic(*, savepoint: bool = True, durable: bool = False) -> Atomic: ...
def atomic(function: Any = None, /, *, savepoint: bool = True, durable: bool = False) -> Any:
    """Do what a block or a function does in one transaction."""
    block = Atomic(None, savepoint, durable)
    return block(function) if function else block


def on_commit(function: Callable[[], object], *, robust: bool = False) -> None:
    """Call a function once the present transaction has committed."""
    connection.on_commit(function, robust=robust)


def set_rollback(rollback: bool) -> None:
    """Have the present transaction end with a rollback, or not."""
    connection.set_rollback(rollback)
