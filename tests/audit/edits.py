"""Random edits of the rows of a run, by SQL, as somebody makes them who has the database."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from typing import Any, TypeAlias
from uuid import UUID

from django.db import connection, models
from django.utils import timezone

from workflows.audit.unprotected import UNPROTECTED
from workflows.models import (
    Approval,
    Event,
    LogPiece,
    RunLabel,
    RunRecord,
    Task,
    TaskAttempt,
    TaskDependency,
    WorkflowRun,
)
from workflows.runs.chain import only_counts

Field: TypeAlias = "models.Field[Any, Any]"
RUN_OF: dict[type[models.Model], str] = {
    WorkflowRun: "pk",
    RunRecord: "pk",
    Task: "run",
    TaskDependency: "task__run",
    TaskAttempt: "task__run",
    LogPiece: "attempt__task__run",
    Event: "run",
    Approval: "task__run",
    RunLabel: "run",
}
"""The tables that belong to a run, and the way to it."""


@dataclass
class Edit:
    """One statement that changes, deletes or adds a row."""

    sql: str
    values: list[Any]
    about: str
    is_protected: bool

    def make(self) -> None:
        """Execute it; a constraint may refuse it."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.values)


def columns_of(model: type[models.Model]) -> Iterator[Field]:
    """Yield the columns of a table."""
    yield from model._meta.concrete_fields


def is_row_protected(row: models.Model) -> bool:
    """Return False for rows that may change: what only counts, and logs that are not final."""
    if isinstance(row, Event):
        return not only_counts(row.event_type, row.payload)
    if isinstance(row, LogPiece):
        return row.offset < row.attempt.log_length
    return True


class Editor:
    """Makes edits of a run's rows, the same ones for the same seed."""

    def __init__(self, seed: int) -> None:
        """Begin with a seed."""
        self._random = Random(seed)  # noqa: S311 (no secret)

    def edit(self, run: WorkflowRun, model: type[models.Model], field: Field) -> Edit | None:
        """Return an edit of one column in one of a run's rows; None if there is no such row."""
        row = self._row(run, model)
        if row is None:
            return None
        value = getattr(row, str(field.attname))
        other = self._other(field, value)
        name = model.__name__
        return Edit(
            f"UPDATE {model._meta.db_table} SET {_quoted(field)} = %s WHERE {_key(row)} = %s",
            [_prepared(field, other), _pk(row)],
            f"{name}.{field.attname} of {row.pk}, from {value!r} to {other!r}",
            field.attname not in UNPROTECTED[name] and is_row_protected(row),
        )

    def delete(self, run: WorkflowRun, model: type[models.Model]) -> Edit | None:
        """Return the deletion of a row."""
        row = self._row(run, model)
        if row is None:
            return None
        sql = f"DELETE FROM {model._meta.db_table} WHERE {_key(row)} = %s"
        return Edit(sql, [_pk(row)], f"{model.__name__} {row.pk} deleted", is_row_protected(row))

    def insert(self, run: WorkflowRun, model: type[models.Model]) -> Edit | None:
        """Return the insertion of a row that is like another one."""
        row = self._row(run, model)
        if row is None:
            return None
        fields = [each for each in columns_of(model) if not isinstance(each, models.AutoField)]
        unique = {"number", "position", "step_id", "offset", "id", "run_id", "depends_on_id"}
        if model is Event:
            unique = set()
        values = {
            field.attname: self._other(field, getattr(row, str(field.attname)))
            if field.attname in unique and (model is not Task or field.attname != "run_id")
            else getattr(row, str(field.attname))
            for field in fields
        }
        if isinstance(row, LogPiece):
            values["offset"] = 10_000_000
        return Edit(
            f"INSERT INTO {model._meta.db_table} ({', '.join(map(_quoted, fields))}) "
            f"VALUES ({', '.join(['%s'] * len(fields))})",
            [_prepared(field, values[str(field.attname)]) for field in fields],
            f"{model.__name__} like {row.pk} inserted",
            is_row_protected(row) and not (isinstance(row, LogPiece) and row.attempt.may_still_run),
        )

    def _row(self, run: WorkflowRun, model: type[models.Model]) -> models.Model | None:
        rows = model._default_manager.filter(**{RUN_OF[model]: run.pk}).order_by("pk")
        return self._random.choice(rows) if rows else None

    def _other(self, field: Field, value: Any) -> Any:
        """Return another value for a column."""
        if field.null and value is not None and self._random.random() < 0.3:
            return None
        others = [choice for choice, _ in field.flatchoices if choice != value]
        if others and self._random.random() < 0.8:
            return self._random.choice(others)
        return self._of_type(field, value)

    def _of_type(self, field: Field, value: Any) -> Any:
        r = self._random
        match field.target_field if isinstance(field, models.ForeignKey) else field:
            case models.BooleanField():
                return not value
            case models.UUIDField():
                return UUID(int=r.getrandbits(128))
            case models.IntegerField() | models.AutoField():
                return (value or 0) + r.choice([1, 2, 1000])
            case models.DateTimeField():
                unit = r.choice(["milliseconds", "seconds", "days"])
                return (value or timezone.now()) + timedelta(**{unit: r.choice([-1, 1, 7])})
            case models.JSONField():
                return {**value, "edited": r.random()} if isinstance(value, dict) else [value, 1]
        return f"{value or ''}{r.choice('xyz')}"[-(field.max_length or 99) :]


def _quoted(field: Field) -> str:
    return connection.ops.quote_name(str(field.column))


def _key(row: models.Model) -> str:
    return connection.ops.quote_name(str(row._meta.pk.column))


def _pk(row: models.Model) -> Any:
    return _prepared(row._meta.pk, row.pk)


def _prepared(field: Field, value: Any) -> Any:
    return field.get_db_prep_save(value, connection)
