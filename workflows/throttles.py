"""
Limits on what strangers may do again and again, counted in the database for all processes.

What is limited is counted before it is done, by one statement: of any number of processes that
count the same thing at the same moment, no more than the limit get a place. Who is refused writes
nothing. Keys are hashed into a fixed number of rows, so that neither many addresses nor invented
names fill the table; without SECRET_KEY, nobody can tell which keys share a row.
"""

import math
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import F
from django.utils import timezone
from django.utils.crypto import salted_hmac

from workflows.db.statements import select
from workflows.models import Counter
from workflows.models.actor import Actor

ROWS = 2**18
"""How many rows one kind of key may take: about 30 MB."""
UNLIMITED = 2**31 - 1
"""For what is counted and never refused: the largest number that a counter can hold."""
COUNT = f"""
    INSERT INTO {Counter._meta.db_table} AS counter (key, count, until)
    VALUES (%(key)s, 1, %(until)s)
    ON CONFLICT (key) DO UPDATE SET
        count = CASE WHEN counter.until <= %(now)s THEN 1 ELSE counter.count + 1 END,
        until = CASE WHEN counter.until <= %(now)s THEN excluded.until ELSE counter.until END
    WHERE counter.count < %(most)s OR counter.until <= %(now)s
    RETURNING count
"""  # noqa: S608 (the name of the table)


class Throttled(Exception):
    """There were too many; the next one is allowed `wait_s` seconds later."""

    def __init__(self, wait_s: int) -> None:
        super().__init__(wait_s)
        self.wait_s = wait_s


@dataclass(frozen=True, slots=True)
class Limit:
    """How often something may happen within a time, for each key."""

    kind: str
    within: timedelta
    most: int = UNLIMITED
    is_exact: bool = False
    """Each key has a row of its own: strangers cannot invent keys."""

    def count(self, key: object) -> int:
        """
        Count one more, in one statement, and return how many there are now.

        :raises Throttled: if there are as many as may be.
        """
        row, now = self._row(key), timezone.now()
        if wait_s := self._wait_s(row):
            raise Throttled(wait_s)
        if counted := select(COUNT, key=row, now=now, until=now + self.within, most=self.most):
            return int(counted[0][0])
        raise Throttled(self._wait_s(row) or 1)

    def give_back(self, key: object) -> None:
        """Count one less, since what was counted turned out to be harmless."""
        counters = Counter.objects.filter(key=self._row(key), count__gt=0)
        counters.update(count=F("count") - 1)

    def begin_anew(self, key: object) -> int:
        """Count the last one as the first of a new time; return how many there are now: one."""
        until = timezone.now() + self.within
        Counter.objects.filter(key=self._row(key)).update(count=1, until=until)
        return 1

    def _row(self, key: object) -> str:
        if self.is_exact:
            return f"{self.kind} {key}"
        digest = salted_hmac("workflows.throttles", f"{self.kind} {key}", algorithm="sha256")
        return f"{self.kind} {int.from_bytes(digest.digest()[:8], 'big') % ROWS}"

    def _wait_s(self, row: str) -> int:
        """Return for how many seconds there is no place left; 0 if there is one."""
        now = timezone.now()
        full = Counter.objects.filter(key=row, count__gte=self.most, until__gt=now)
        until = full.values_list("until", flat=True).first()
        return math.ceil((until - now).total_seconds()) if until else 0


def remove_counters(*, by: Actor) -> int:
    """Remove the counters that would begin anew; return how many."""
    return Counter.objects.filter(until__lte=timezone.now()).delete()[0]
