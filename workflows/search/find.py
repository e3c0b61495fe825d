"""Finds runs: one search for the console, the API and the commands."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from workflows.search.keys import FREE, KEYS, Key, Runs, Scope
from workflows.search.logs import LOG, MOST_RUNS, runs_with_log
from workflows.search.syntax import BadSearch, Term, parse

MOST_READ = 20_000
"""What no index answers is asked of so many runs, the newest of those that fit otherwise."""
REMARK = (
    "Only the newest {:,} runs that fit otherwise were searched for {}. To look further back, "
    "narrow the search: template:, state:, label:, before:."
)

May = Callable[[str], bool]
"""Returns True if the reader has a permission."""


@dataclass(frozen=True, slots=True)
class Found:
    """The runs that fit."""

    runs: Runs
    remark: str = ""
    """Which older runs were not looked at, and what helps; which number was of a removed run."""


def everything(permission: str) -> bool:
    """Return True: whoever starts commands can read the database."""
    return True


def search(text: str, runs: Runs, *, may: May) -> Found:
    """
    Return those of these runs that fit a search, in the order that they have.

    :raises BadSearch: naming the word that cannot be understood or is not permitted.
    """
    by_group: dict[tuple[str, ...], list[Term]] = defaultdict(list)
    for term in parse(text, KEYS):
        permission = _key_of(term).permission
        if permission and not may(permission):
            raise BadSearch(f"{term.key}: this needs the permission {permission}; leave it out")
        by_group[(*term.group, "-" if term.is_excluded else "")].append(term)
    scope, groups = Scope(), list(by_group.values())
    for group in groups:
        if not _is_read(group[0]):
            runs = runs.filter(_condition(group, scope))
    runs = _read(runs, [group for group in groups if _is_read(group[0])], scope.remarks)
    return Found(runs, " ".join(scope.remarks))


def _read(runs: Runs, groups: Sequence[Sequence[Term]], remarks: list[str]) -> Runs:
    """Return those of the newest runs that fit words which no index answers."""
    logs = [term for group in groups for term in group if term.key == LOG]
    others = [group for group in groups if group[0].key != LOG]
    # Their beginning is a number of its own, so that the index of the ids bounds what is read.
    if others and (last := _after(runs, MOST_READ)) is not None:
        runs = runs.filter(_all_of(others, Scope(Q(pk__gt=last), remarks)))
        remarks.append(REMARK.format(MOST_READ, _listed(others)))
    elif others:
        runs = runs.filter(_all_of(others, Scope(remarks=remarks)))
    if logs:
        if _after(runs, MOST_RUNS) is not None:
            remarks.append(REMARK.format(MOST_RUNS, _listed([logs])))
        runs = runs.filter(pk__in=runs_with_log(logs, runs))
    return runs


def _all_of(groups: Sequence[Sequence[Term]], scope: Scope) -> Q:
    found = Q()
    for group in groups:
        found &= _condition(group, scope)
        if group[0].is_excluded:  # of older runs, it is not known whether they fit
            found &= scope.newest
    return found


def _listed(groups: Sequence[Sequence[Term]]) -> str:
    return ", ".join(str(term) for group in groups for term in group)


def _after(runs: Runs, newest: int) -> int | None:
    """Return the run that follows the newest ones; None if there are not so many."""
    return runs.order_by("-pk").values_list("pk", flat=True)[newest : newest + 1].first()


def _condition(group: Sequence[Term], scope: Scope) -> Q:
    key = _key_of(group[0])
    if key.once and len(group) > 1:
        raise BadSearch(f"{group[0].key}: give it once; {group[1]} is another")
    found = Q()
    for term in group:
        found |= key.condition(term.value, scope) if key.condition else Q()
    return ~found if group[0].is_excluded else found


def _is_read(term: Term) -> bool:
    return term.key == LOG or _key_of(term).reads_runs()


def _key_of(term: Term) -> Key:
    return KEYS[term.key] if term.key else FREE
