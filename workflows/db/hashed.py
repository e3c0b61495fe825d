"""Equal JSON is found by an index of its hash: an index of the JSON itself could not hold all."""

from typing import Any

from django.db.models import BigIntegerField, Func


class Hashed(Func):
    """The hash of a JSON column; SQLite compares the column itself."""

    function = "jsonb_hash_extended"
    template = "%(function)s(%(expressions)s, 0)"
    output_field = BigIntegerField()

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> tuple[str, Any]:
        """Return the column."""
        return self.as_sql(compiler, connection, template="%(expressions)s")
