"""
Indexes and checks of tables that may be large: others can write while they are made.

As the operations of django.contrib.postgres, which cannot be imported where psycopg is missing.
"""

from django.db import NotSupportedError, migrations, router
from django.db.migrations.operations.base import Operation


def _is_postgresql(schema_editor):
    if schema_editor.connection.vendor != "postgresql":
        return False
    if schema_editor.connection.in_atomic_block:
        raise NotSupportedError("set atomic = False on the migration")
    return True


class AddIndex(migrations.AddIndex):
    """
    Add an index: on PostgreSQL without a lock that keeps others from writing.

    In a migration of its own with `atomic = False`. If it is interrupted, migrate again.
    """

    atomic = False

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if not _is_postgresql(schema_editor):
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            # One that was interrupted has left an unusable index of that name behind.
            _drop(self.index.name, schema_editor)
            schema_editor.add_index(model, self.index, concurrently=True)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if _is_postgresql(schema_editor):
            _drop(self.index.name, schema_editor)
        else:
            super().database_backwards(app_label, schema_editor, from_state, to_state)


class RemoveIndex(migrations.RemoveIndex):
    """Remove an index, in the same way."""

    atomic = False

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if _is_postgresql(schema_editor):
            _drop(self.name, schema_editor)
        else:
            super().database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if not _is_postgresql(schema_editor):
            super().database_backwards(app_label, schema_editor, from_state, to_state)
            return
        model = to_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            index = to_state.models[app_label, self.model_name_lower].get_index_by_name(self.name)
            schema_editor.add_index(model, index, concurrently=True)


class RemoveForeignKeyIndex(migrations.AlterField):
    """Set `db_index=False` of a foreign key: another index begins with its column."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        model = to_state.apps.get_model(app_label, self.model_name)
        if not self.allow_migrate_model(schema_editor.connection.alias, model):
            return
        field = model._meta.get_field(self.name)
        if field.db_index:  # backwards
            for statement in schema_editor._field_indexes_sql(model, field):
                schema_editor.execute(statement)
            return
        with schema_editor.connection.cursor() as cursor:
            found = schema_editor.connection.introspection.get_constraints(
                cursor, model._meta.db_table
            )
        for name, about in found.items():
            if about["columns"] == [field.column] and about["index"] and not about["unique"]:
                _drop(name, schema_editor)


def _drop(name, schema_editor):
    quoted = schema_editor.quote_name(name)
    how = "CONCURRENTLY " if schema_editor.connection.vendor == "postgresql" else ""
    schema_editor.execute(f"DROP INDEX {how}IF EXISTS {quoted}")


class AddCheck(migrations.AddConstraint):
    """Add a check: on PostgreSQL it holds for new rows at once, without reading those there are."""

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if schema_editor.connection.vendor != "postgresql":
            super().database_forwards(app_label, schema_editor, from_state, to_state)
            return
        model = from_state.apps.get_model(app_label, self.model_name)
        if self.allow_migrate_model(schema_editor.connection.alias, model):
            statement = f"{self.constraint.create_sql(model, schema_editor)} NOT VALID"
            schema_editor.execute(statement, params=None)  # its values are in it


class AddPostgresIndex(Operation):
    """
    Add an index of a kind that only PostgreSQL has; other databases do without.

    It is not in the state of the models: those are the same for all databases.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, name, table, definition):
        self.name, self.table, self.definition = name, table, definition

    def state_forwards(self, app_label, state):
        pass

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        if self._is_wanted(app_label, schema_editor.connection):
            _drop(self.name, schema_editor)
            name, table = map(schema_editor.quote_name, (self.name, self.table))
            schema_editor.execute(f"CREATE INDEX CONCURRENTLY {name} ON {table} {self.definition}")

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        if self._is_wanted(app_label, schema_editor.connection):
            _drop(self.name, schema_editor)

    def _is_wanted(self, app_label, connection):
        is_ours = router.allow_migrate(connection.alias, app_label)
        return connection.vendor == "postgresql" and is_ours

    def describe(self):
        return f"Add index {self.name} on PostgreSQL"
