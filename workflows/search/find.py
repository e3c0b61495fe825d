"""Finds runs: one search for the console, the API and the commands."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from django.db.models import Q

from workflows.search.keys import FREE, KEYS, Key, Runs
from workflows.search.logs import MOST_RUNS, runs_with_log
from workflows.search.syntax import BadSearch, Term, parse

MOST_READ = 20_000
"""What no index answers is asked of so many runs, the newest of those that fit otherwise."""
LOG = "log"

May = Callable[[str], bool]
"""Returns True if the reader has a permission."""


@dataclass(frozen=True, slots=True)
class Found:
    """The runs that fit, and which of them were looked at."""

    runs: Runs
    read: list[str] = field(default_factory=list)
    """The words that were compared with the newest runs alone."""
    most: int = MOST_READ
    narrowed: Runs | None = None

    @property
    def remark(self) -> str:
        """Which older runs were not looked at, and what helps; empty if all were. A statement."""
        if self.narrowed is None or not self.narrowed.order_by("-pk")[self.most :].exists():
            return ""
        words = ", ".join(self.read)
        return (
            f"Only the newest {self.most:,} runs that fit otherwise were searched for {words}. To "
            "look further back, narrow the search: template:, state:, label:, before:."
        )


def everything(permission: str) -> bool:
    """Return True: whoever starts commands can read the database."""
    return True


def search(text: str, runs: Runs, *, may: May) -> Found:
    """
    Return those of these runs that fit a search, in the order that they have.

    :raises BadSearch: naming the word that cannot be understood or is not permitted.
    """
    terms = parse(text, KEYS)
    for term in terms:
        permission = _key_of(term).permission
        if permission and not may(permission):
            raise BadSearch(f"{term.key}: this needs the permission {permission}; leave it out")
    by_group: dict[tuple[str, ...], list[Term]] = defaultdict(list)
    for term in terms:
        by_group[(*term.group, "-" if term.is_excluded else "")].append(term)
    return _found(list(by_group.values()), runs)


def _found(groups: Sequence[list[Term]], runs: Runs) -> Found:
    answered = [each for each in groups if not _is_read(each[0])]
    read = [each for each in groups if _is_read(each[0]) and each[0].key != LOG]
    logs = [term for each in groups for term in each if term.key == LOG]
    for group in answered:
        runs = runs.filter(_condition(group, runs))
    narrowed, newest = runs, _newest(runs, MOST_READ)
    for group in read:
        runs = runs.filter(_condition(group, newest))
        if group[0].is_excluded:  # of older runs, it is not known whether they fit
            runs = runs.filter(pk__in=newest)
    words = [str(term) for group in read for term in group]
    if logs:
        narrowed, words = runs, [str(term) for term in logs]
        runs = runs.filter(pk__in=runs_with_log(logs, runs))
    if not words:
        return Found(runs)
    return Found(runs, words, MOST_RUNS if logs else MOST_READ, narrowed)


def _condition(group: Sequence[Term], newest: Runs) -> Q:
    key = _key_of(group[0])
    if key.once and len(group) > 1:
        raise BadSearch(f"{group[0].key}: give it once; {group[1]} is another")
    found = Q()
    for term in group:
        found |= key.condition(term.value, newest)
    return ~found if group[0].is_excluded else found


def _newest(runs: Runs, most: int) -> Runs:
    return runs.order_by("-pk").values("pk")[:most]  # type: ignore[return-value]  # only its ids


def _is_read(term: Term) -> bool:
    return term.key == LOG or _key_of(term).reads_runs()


def _key_of(term: Term) -> Key:
    return KEYS[term.key] if term.key else FREE
