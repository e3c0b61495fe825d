"""What searches ask of databases that Django has no words for."""

import json
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Exists,
    Expression,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast
from django.db.models.lookups import Exact

from runners.database import connection
from workflows.models import Event, EventType, Task, WorkflowRun

MOST_TOLD = 2_000
"""So many runs are named to the database one by one."""


class Word(Expression):
    """A word of ours that stands in the statement itself, as partial indexes need."""

    def __init__(self, word: str) -> None:
        """Take a word without quotes."""
        super().__init__(output_field=TextField())
        self.word = word

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        """Return it as a literal."""
        return f"'{self.word}'", ()


def is_word(column: str, word: str) -> Exact:
    """Return the condition that a column is this word of ours."""
    return Exact(F(column), Word(word))


class LeafIs(Func):
    """SQLite: true if the value at a path of a JSON document, or one in the list there, is this."""

    arg_joiner = " IN "
    template = "(%(expressions)s)"
    output_field: Any = BooleanField()

    def __init__(self, column: str, path: str, value: Any) -> None:
        """Compare what stands at the path of a column with a value."""
        text = Cast(F(column), TextField())
        is_json = Func(F(column), function="json_valid", output_field=BooleanField())
        document = Case(When(is_json, then=text))  # what is not JSON has no leaves
        atoms = "(SELECT atom FROM json_each(%(expressions)s))"
        leaves = Func(document, Value(path), template=atoms)
        super().__init__(Value(value), leaves)


class IsSmall(Func):
    """PostgreSQL: true for JSON that the index `run_parameter` has, in the words of that."""

    template = "(octet_length(%(expressions)s) < 10000)"
    output_field: Any = BooleanField()

    def __init__(self, column: str) -> None:
        """Look at the text of a column."""
        super().__init__(Cast(F(column), TextField()))


def notes() -> QuerySet[Event]:
    """Return the events that are notes on runs."""
    return Event.objects.filter(is_word("event_type", EventType.RUN_NOTED.value)).order_by()


def parameter_is(name: str, text: str) -> Q:
    """Return the condition that a parameter is this text, or the number or truth it spells."""
    paths = {(name,), tuple(name.split("."))}
    found = Q(pk__in=[])
    for path in sorted(paths):
        for value in _values(text):
            found |= _leaf_is(path, value)
    if connection.vendor != "postgresql":
        return found
    found &= Q(IsSmall("parameters"))
    # For the newest hundred, PostgreSQL would rather look at all runs in turn: it is told the few.
    few = WorkflowRun.objects.filter(found).order_by().values_list("pk", flat=True)
    ids = list(few[: MOST_TOLD + 1])
    return Q(pk__in=ids) if len(ids) <= MOST_TOLD else found


def has_step(step_id: str) -> Q:
    """Return the condition that a run has a step; the few that have a rare one are named."""
    tasks = Task.objects.filter(step_id=step_id, run__isnull=False).order_by()
    ids = list(tasks.values_list("run", flat=True)[: MOST_TOLD + 1])
    if len(ids) <= MOST_TOLD:
        return Q(pk__in=ids)
    return Q(Exists(tasks.filter(run=OuterRef("pk"))))


def _values(text: str) -> list[Any]:
    """Return what may be meant: `3` is a text and a number."""
    try:
        value = json.loads(text)
    except ValueError:
        return [text]
    is_storable = isinstance(value, bool) or (
        isinstance(value, int | float) and abs(value) < 2**63 and json.dumps(value)[-1].isdigit()
    )
    return [text, value] if is_storable else [text]


def _leaf_is(path: tuple[str, ...], value: Any) -> Q:
    if connection.vendor != "postgresql":
        if any('"' in key for key in path):
            return Q(pk__in=[])  # a path of SQLite has no way to spell it
        keys = "".join(f'."{key}"' for key in path)
        return Q(LeafIs("parameters", f"${keys}", value))
    one: Any = value
    in_list: Any = [value]
    for key in reversed(path):
        one, in_list = {key: one}, {key: in_list}
    return Q(parameters__contains=one) | Q(parameters__contains=in_list)
