"""
INSERT statements for many rows, with every column that the model has.

The columns, their types and their defaults come from the model: a new field is stored as soon as
the model has it.
"""

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import Any, TypeAlias

from django.db import models
from django.db.models.expressions import DatabaseDefault, Value
from django.utils import timezone

from runners.database import connection
from workflows.db.clock import SHIFT
from workflows.db.statements import execute, quoted, rows

Field: TypeAlias = "models.Field[Any, Any]"


def insert(instances: Sequence[models.Model], *, shifted: Collection[str] = ()) -> None:
    """
    Store new instances of one model by one statement; the instances stay as they are.

    :param shifted: columns whose moments are stored by the database's clock.
    """
    if instances:
        model = type(instances[0])
        record_of = _recorder(model)
        records = rows(map(record_of, instances))
        statement = _insert_of_rows(model, connection.vendor, frozenset(shifted)).statement
        values: dict[str, Any] = {"now": timezone.now()} if shifted else {}
        execute(statement, rows=records, **values)


class InsertSelect:
    """An INSERT that stores a row for each row of a query."""

    def __init__(self, model: type[models.Model], columns: Mapping[str, str], source: str) -> None:
        """
        Build the statement.

        :param columns: the SQL expression of each value, by column. Every other column of the
            model gets the default that its field declares.
        :param source: the FROM clause, without the word FROM.
        """
        self._model = model
        self._defaults = {
            column: field
            for column, field in stored_columns(model).items()
            # A column that is not named gets the default that the database declares.
            if column not in columns and (field.has_default() or not field.has_db_default())
        }
        stored = {**columns, **{column: f"%(default_{column})s" for column in self._defaults}}
        self.statement = f"""
            INSERT INTO {model._meta.db_table} ({", ".join(map(quoted, stored))})
            SELECT {", ".join(stored.values())}
              FROM {source}
        """

    def values(self, **values: Any) -> dict[str, Any]:
        """Return the parameters of the statement: these values, and the defaults."""
        if self._defaults:
            new = self._model()
            for column, field in self._defaults.items():
                default = field.get_db_prep_save(field.pre_save(new, add=True), connection)
                values[f"default_{column}"] = default
        return values


def stored_columns(model: type[models.Model]) -> dict[str, Field]:
    """Return the columns that an INSERT fills in, with their fields."""
    return {
        str(field.column): field
        for field in model._meta.concrete_fields
        if not (field.generated or isinstance(field, models.AutoField))
    }


@cache
def _insert_of_rows(
    model: type[models.Model], vendor: str, shifted: Collection[str]
) -> InsertSelect:
    """Return the statement that stores the records of its parameter `rows`."""
    fields = stored_columns(model)
    types = (f"{quoted(column)} {_type_in_record(field)}" for column, field in fields.items())
    return InsertSelect(
        model,
        {
            column: _from_record(column, field) + (SHIFT if column in shifted else "")
            for column, field in fields.items()
        },
        f"jsonb_to_recordset(%(rows)s) AS new_row({', '.join(types)})",
    )


def _type_in_record(field: Field) -> str:
    if isinstance(field, models.JSONField):
        return "text"
    # Without its length: the column itself refuses what is too long, a cast would cut it off.
    return str(field.db_type(connection)).partition("(")[0]


def _from_record(column: str, field: Field) -> str:
    value = f"new_row.{quoted(column)}"
    if isinstance(field, models.JSONField):
        value += "::jsonb"
    if _is_computed_by_database(field):
        default, _ = connection.schema_editor().db_default_sql(field)
        return f"COALESCE({value}, {default.replace('%', '%%')})"
    return value


def _is_computed_by_database(field: Field) -> bool:
    return field.has_db_default() and hasattr(field.db_default, "resolve_expression")


@cache
def _recorder(model: type[models.Model]) -> Callable[[models.Model], dict[str, Any]]:
    """Return a function from an instance to its record, by column."""
    fields = stored_columns(model)
    values_of = attrgetter(*(field.attname for field in fields.values()))
    # Most values go into a record as they are; asking each field for each would double the time.
    prepared = {column: field for column, field in fields.items() if _has_to_prepare(field)}

    def record_of(instance: models.Model) -> dict[str, Any]:
        record = dict(zip(fields, values_of(instance), strict=True))
        for column, field in prepared.items():
            record[column] = _prepared(field, instance)
        return record

    return record_of


def _has_to_prepare(field: Field) -> bool:
    return isinstance(field, models.JSONField) or field.has_db_default() or _is_set_on_save(field)


def _is_set_on_save(field: Field) -> bool:
    if isinstance(field, models.DateField | models.TimeField):
        return field.auto_now or field.auto_now_add
    return type(field).pre_save is not models.Field.pre_save


def _prepared(field: Field, instance: models.Model) -> Any:
    value = field.pre_save(instance, add=True)
    if isinstance(value, DatabaseDefault):
        [default] = value.get_source_expressions()
        value = default.value if isinstance(default, Value) else None
    if isinstance(field, models.JSONField) and value is not None:
        return json.dumps(value, cls=field.encoder)
    return value
