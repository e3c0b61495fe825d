"""
Statements written by hand, where every task of every run comes by.

A set of rows is one parameter and one statement, whatever its size, and there is nothing to compose
while the run's lock is held: the ORM spends five times as long on composing such a statement as
PostgreSQL on executing it. They are in PostgreSQL's words; `dialect` translates them for SQLite.
"""

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from django.db import connection, models

from workflows.db.sqlite import as_text, bound

Row = TypeVar("Row", bound=models.Model)

Check = Callable[[int], None]


class Sql(str):
    """A piece of SQL where otherwise a value stands."""

    __slots__ = ()


@dataclass(slots=True)
class Waiting:
    """A statement that is to be sent with the next one."""

    statement: str
    values: dict[str, Any]
    check: Check | None
    cursor: Any = None

    def send(self) -> None:
        """Send it; in a pipeline, the answer is there once the pipeline ends."""
        self.cursor = connection.cursor()
        self.cursor.execute(self.statement, self.values)

    def conclude(self) -> None:
        """Look at the answer."""
        touched = self.cursor.rowcount
        self.cursor.close()
        if self.check:
            self.check(touched)


@dataclass(slots=True)
class Question(Waiting):
    """A statement whose rows will be asked for."""

    answer: list[tuple[Any, ...]] | None = None

    def conclude(self) -> None:
        """Keep the rows."""
        self.answer = list(self.cursor.fetchall())
        self.cursor.close()


class Pending:
    """Statements that travel with the next one whose answer is needed."""

    def __init__(self) -> None:
        """Begin with none."""
        self._waiting: list[Waiting] = []
        self._questions: list[Question] = []
        self._foreseen: list[Question] = []

    def add(self, waiting: Waiting) -> None:
        """Let a statement wait."""
        self._waiting.append(waiting)

    def prefetch_query(self, question: Question) -> None:
        """Ask behind the next statement, which may be a lock, what will be asked."""
        self._questions.append(question)
        self._foreseen.append(question)

    def answer_to(self, statement: str, values: dict[str, Any]) -> list[tuple[Any, ...]] | None:
        """Return the rows of a question that was foreseen, once."""
        for question in self._foreseen:
            if (question.statement, question.values) == (statement, values):
                self._foreseen.remove(question)
                return question.answer
        return None

    def __call__(self, then: Any, statement: str, values: Any, many: bool, context: Any) -> Any:
        """Execute what waits, and `statement` behind it, in one round trip."""
        if not self._waiting and not self._questions:
            return then(statement, values, many, context)
        with self._sent():
            return then(statement, values, many, context)

    def flush(self) -> None:
        """Execute what waits."""
        with self._sent():
            pass

    @contextmanager
    def _sent(self) -> Iterator[None]:
        waiting, self._waiting = self._waiting, []
        questions, self._questions = self._questions, []
        with _pipeline() if waiting or questions else nullcontext():
            for each in waiting:
                each.send()
            yield
            for each in questions:
                each.send()
        for each in (*waiting, *questions):
            each.conclude()


@contextmanager
def _pipeline() -> Iterator[None]:
    if connection.vendor != "postgresql":
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


class _Local(threading.local):
    pending: Pending | None = None


_local = _Local()

# For a run that began since the last ANALYZE, PostgreSQL expects one task, and a scan of all looks
# as good as a lookup; and it keeps what it has planned while a table was small. What is written by
# hand asks nothing that an index does not answer, row by row where it joins: it is planned once,
# for any run, and by index.
# (A scan that is priced out would be compiled first.)
PLAN = """
    SELECT set_config('enable_seqscan', 'off', true), set_config('jit', 'off', true),
           set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true),
           set_config('plan_cache_mode', 'force_generic_plan', true)
"""


@contextmanager
def pipeline() -> Iterator[None]:
    """
    Let statements whose answers nobody needs yet travel with the next one, as a single message.

    Whatever is read meanwhile, by the ORM too, sees what was written: the waiting go first. Under
    a transaction only.
    """
    if _local.pending:
        yield
        return
    pending = _local.pending = Pending()
    if connection.vendor == "postgresql":
        pending.add(Waiting(PLAN, {}, None))
    # The first of the list is asked first: the others see the whole message.
    connection.execute_wrappers.insert(0, pending)
    try:
        yield
    finally:
        connection.execute_wrappers.remove(pending)
        _local.pending = None
    if not connection.needs_rollback:  # as after a dry run
        pending.flush()


def execute(statement: str, *, check: Check | None = None, **values: Any) -> None:
    """
    Execute a statement, within `together()` at the latest when something is read.

    Values are bound by name: lists for `ANY` and `ALL`, `rows()` for `jsonb_to_recordset`.

    :param check: is told how many rows were touched, and raises if that is wrong.
    """
    waiting = Waiting(*bound(statement, values), check)
    if _local.pending:
        _local.pending.add(waiting)
    else:
        waiting.send()
        waiting.conclude()


def prefetch_query(statement: str, **values: Any) -> None:
    """
    Ask, within `together()`, what `select` will ask: behind the next statement, in one message.

    What that statement locks is locked by then.
    """
    if _local.pending:
        _local.pending.prefetch_query(Question(*bound(statement, values), None))


def select(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Return the rows of a statement."""
    question = bound(statement, values)
    if _local.pending and (answer := _local.pending.answer_to(*question)) is not None:
        return answer
    with connection.cursor() as cursor:
        cursor.execute(*question)
        return list(cursor.fetchall())


def read(model: type[Row], statement: str, **values: Any) -> list[Row]:
    """Return the rows of a statement, which selects the `columns_of` the model, as objects."""
    names, converters = _shape(model, connection.vendor)
    found = []
    for row in map(list, select(statement, **values)):
        for index, convert, column in converters:
            row[index] = convert(row[index], column, connection)
        found.append(model.from_db(connection.alias, names, row))
    return found


def columns_of(model: type[models.Model], alias: str = "") -> str:
    """Return what a statement selects for `read`."""
    table = alias or model._meta.db_table
    return ", ".join(f"{table}.{field.column}" for field in model._meta.concrete_fields)


@cache
def _shape(model: type[models.Model], vendor: str) -> tuple[list[str], list[Any]]:
    """Return the names of a model's columns, and how to convert what the database gives."""
    # As the ORM's compiler does, but for every statement only once.
    fields = list(enumerate(model._meta.concrete_fields))
    converters = [
        (index, convert, column)
        for index, field in fields
        for column in [field.get_col(model._meta.db_table)]
        for convert in (
            *connection.ops.get_db_converters(column),
            *column.get_db_converters(connection),
        )
    ]
    return [field.attname for _, field in fields], converters


def rows(records: Iterable[Mapping[str, Any]]) -> str:
    """Return records as the parameter of a `jsonb_to_recordset`; JSON columns hold JSON as text."""
    # Moments and UUIDs, as this database reads them in a text.
    texts = str if connection.vendor == "postgresql" else as_text
    return json.dumps(list(records), default=texts, ensure_ascii=False)
