"""Text in the messages of failed attempts, of which there may be very many."""

import re
from typing import Any

from django.db.models import BooleanField, F, Func, QuerySet, Value

from runners.database import connection
from workflows.models import TaskAttempt
from workflows.models.attempt import Outcome
from workflows.search.words import is_word

MOST_FAILURES = 3_000
"""If more failures have the words, only so many of the newest failures are read."""
# Letters and digits; all else between them is a space. Of the message of a failed attempt, this is
# the expression of the index `attempt_failure_words`: another one would not use it.
WORDS_OF = "to_tsvector('simple', regexp_replace(%(expressions)s, '[^[:alnum:]]+', ' ', 'g'))"
WORD = re.compile(r"[^\W_]+")


class HasWords(Func):
    """PostgreSQL: true for a text that has all words of a query, in any order."""

    arg_joiner = " @@ "
    template = "(%(expressions)s)"
    output_field: Any = BooleanField()

    def __init__(self, column: str, query: str) -> None:
        """Compare a column with a query of full-text search."""
        super().__init__(
            Func(F(column), template=WORDS_OF),
            Func(Value(query), template="to_tsquery('simple', %(expressions)s)"),
        )


def failures_with(text: str) -> tuple[QuerySet[TaskAttempt], bool]:
    """
    Return the failed attempts whose message has this text, and False if older ones were left out.

    On PostgreSQL, these words in this order, whatever stands between them; the last may be cut.
    """
    failed = TaskAttempt.objects.filter(is_word("outcome", Outcome.FAILED.value)).order_by()
    words = WORD.findall(text)
    if connection.vendor != "postgresql" or not words:
        return _newest(failed, message__icontains=text)
    # The index finds the words; in which order they stand, a pattern says twenty times as fast as
    # full-text search, which takes the whole text apart again.
    in_order = r"\m" + "[^[:alnum:]]+".join(words)
    matching = failed.filter(HasWords("message", " & ".join(f"'{word}'" for word in words) + ":*"))
    if matching[MOST_FAILURES : MOST_FAILURES + 1].exists():
        return _newest(failed, message__iregex=in_order)
    return matching.filter(message__iregex=in_order), True


def _newest(failed: QuerySet[TaskAttempt], **text: str) -> tuple[QuerySet[TaskAttempt], bool]:
    moments = failed.order_by("-dispatched_at").values_list("dispatched_at", flat=True)
    last = moments[MOST_FAILURES : MOST_FAILURES + 1].first()
    newest = failed if last is None else failed.filter(dispatched_at__gt=last)
    return newest.filter(**text), last is None
