"""
The clock of the database, by which leases are written and judged.

On PostgreSQL, processes on many hosts share one database, and no two of their clocks agree. On
SQLite everything runs on one machine, whose clock is used as it is.

What counts is the moment at which a statement starts. The start of its transaction would be too
early: the transaction may have waited for the lock of a run. And `clock_timestamp()` changes while
a statement runs, so that no index could serve a comparison with it.
"""

from datetime import timedelta

from django.db.models import DateTimeField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Now
from django.utils import timezone

from runners.database import connection

SHIFT = "+ (statement_timestamp() - %(now)s)"
"""
Turns a moment by this process's clock into one by the database's, in SQL written by hand.

The parameter `now` is this process's `timezone.now()`, from which the moment was calculated.
"""


def database_now(*, plus: timedelta = timedelta()) -> Combinable:
    """Return the moment at which a statement starts, or a later one, by the database's clock."""
    if connection.vendor == "postgresql":
        return Now() + plus if plus else Now()
    return Value(timezone.now() + plus, output_field=DateTimeField())
