"""
Places: who may be active of a template that lets only so many runs be, or that has named locks.

A run has its place while it is running or paused and `waits_since` is empty: so its end gives the
place up in the transaction of the end, and no crash can leave one taken. Whoever gives a place
holds the run's lock, then the row of the template's policy, then those of its named locks, in the
order of their names; nobody who holds one of those rows waits for a run afterwards. See ADR 0044.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import timedelta
from functools import cached_property
from typing import NamedTuple, Protocol

from django.db.models import Count, F, Min, Q, QuerySet, Window
from django.db.models.functions import RowNumber
from django.utils import timezone

from workflows.db.time_limits import locking
from workflows.models import NamedLock, RunState, TemplatePolicy, WorkflowRun
from workflows.models.run import DISPATCHABLE

BEGIN_WITHIN = timedelta(days=1)
"""A run that nobody has begun for longer, and that waits for no place, is left to people."""
MOST_LOOKED_AT = 100
"""So many waiting runs of each template are looked at in a round."""
WAITING = "waiting for workflow run {}"
_COUNTED = Q(expands_template=True, trial__isnull=True)
"""Runs of which the template is only a label hold none of its places."""


class Limit(NamedTuple):
    """So many runs of these templates are active at the same time."""

    templates: frozenset[int]
    places: int
    lock: str = ""

    @property
    def why(self) -> str:
        """Return why one run waits for another, in a few words."""
        return f"both need {self.lock}" if self.lock else self.kept

    @property
    def kept(self) -> str:
        """Return what a run that has a place keeps others from."""
        return f"it has {self.lock}" if self.lock else f"at most {self.places:,} at a time"


class Blocker(NamedTuple):
    """Which run another one waits for: one that holds the place, or one that is next."""

    run_id: int
    limit: Limit

    @property
    def reason(self) -> str:
        """Return the reason, as the API words it."""
        return WAITING.format(self.run_id)

    @property
    def clause(self) -> str:
        """Return it as a part of a sentence, with the limit."""
        return f"{self.reason}: {self.limit.why}"


class Waiting(NamedTuple):
    """A run that wants a place; the smallest is next."""

    order: int
    pk: int
    template_id: int | None


class RunLike(Protocol):
    """What must be known of a run to find out what it waits for."""

    @property
    def pk(self) -> int:
        """Its id."""

    @property
    def template_id(self) -> int | None:
        """The id of its template."""


class Places:
    """The places of templates that limit their runs: who holds them, and who is next."""

    def __init__(self, wanted: Collection[int | None] | None = None) -> None:
        """
        Read the policies; the rest when it is asked for, three statements in all.

        :param wanted: the templates that will be asked about; None for all.
        """
        has_any = wanted is None or any(wanted)
        self._limits = _limits_of(TemplatePolicy.objects.limited() if has_any else (), wanted)

    def limits_of(self, template_id: int | None) -> Sequence[Limit]:
        """Return what limits the runs of a template."""
        return self._limits.get(template_id, ())

    def beside(self, template_id: int | None) -> set[int]:
        """Return the templates whose runs may wait for one of this template, itself included."""
        return {pk for limit in self.limits_of(template_id) for pk in limit.templates}

    def blocker(self, run: RunLike, order: int) -> Blocker | None:
        """Return what keeps a run that has no place from getting one; None if nothing does."""
        found = (self._blocker_by(each, run, order) for each in self.limits_of(run.template_id))
        return next(filter(None, found), None)

    def _blocker_by(self, limit: Limit, run: RunLike, order: int) -> Blocker | None:
        holders = [self._holders[pk] for pk in limit.templates if pk in self._holders]
        free = limit.places - sum(n for n, _ in holders)
        if free <= 0:
            return Blocker(min(oldest for _, oldest in holders), limit)
        ahead = [
            each
            for each in self._next
            if each.template_id in limit.templates and each[:2] < (order, run.pk)
        ]
        return Blocker(ahead[free - 1].pk, limit) if len(ahead) >= free else None

    @cached_property
    def _holders(self) -> dict[int, tuple[int, int]]:
        """How many runs of each template have a place, and the first of them."""
        active = WorkflowRun.objects.filter(
            _COUNTED,
            template__in=self._templates,
            state__in=[RunState.RUNNING, RunState.PAUSED],
            finished_at=None,
            waits_since=None,
        )
        counts = active.order_by().values_list("template").annotate(Count("pk"), Min("pk"))
        return {pk: (n, first) for pk, n, first in counts}

    @cached_property
    def _next(self) -> list[Waiting]:
        """Who gets the next places, as many of each template as there can be."""
        most = max(limit.places for limits in self._limits.values() for limit in limits)
        return first_of(queued().filter(template__in=self._templates, set_aside=""), most)

    @property
    def _templates(self) -> set[int]:
        return {pk for template in self._limits for pk in self.beside(template)}


def take_place(run: WorkflowRun) -> Blocker | None:
    """
    Give a run its place, before it dispatches anything; return what it waits for, if there is none.

    No statement for a run that has its place. The caller holds the run's lock, and stores the run.
    """
    if run.waits_since is None and run.state != RunState.CREATED:
        return None
    blocker = _blocker_of(run)
    run.waits_since = (run.waits_since or timezone.now()) if blocker else None
    return blocker


def _blocker_of(run: WorkflowRun) -> Blocker | None:
    # Without locks first: most have to wait, and need not wait for the lock to be told so.
    places = Places([run.template_id] if is_counted(run) else [])
    if not places.limits_of(run.template_id):
        return None
    if blocker := places.blocker(run, -run.priority):
        return blocker
    _lock(run)
    # By other statements than those that took the locks: they see what others did before.
    return Places([run.template_id]).blocker(run, -run.priority)


def _lock(run: WorkflowRun) -> None:
    policies = TemplatePolicy.objects.select_for_update(no_key=True).filter(pk=run.template_id)
    with locking("the limits of workflow template", run.template_id or 0):
        names = [name for policy in policies for name in policy.lock_names]
        locks = NamedLock.objects.select_for_update(no_key=True).filter(pk__in=names)
        list(locks.order_by("pk"))


def is_counted(run: WorkflowRun) -> bool:
    """Return True if the limits of its template apply to a run."""
    return bool(run.template_id and run.expands_template and not run.is_trial)


def has_no_place(run: WorkflowRun) -> bool:
    """Return True for an unfinished run that would have to be given a place to go on."""
    return is_counted(run) and (run.state == RunState.CREATED or run.waits_since is not None)


def blockers(runs: Iterable[WorkflowRun]) -> dict[int, Blocker]:
    """Return what each of these runs waits for, by its id; at most three statements for all."""
    without = [run for run in runs if has_no_place(run)]
    places = Places({run.template_id for run in without})
    found = {run.pk: places.blocker(run, -run.priority) for run in without}
    return {pk: blocker for pk, blocker in found.items() if blocker}


def queued() -> QuerySet[WorkflowRun]:
    """Return the runs that begin, or go on, by themselves once they have a place."""
    is_new = Q(state=RunState.CREATED, created_at__gt=timezone.now() - BEGIN_WITHIN)
    waits = Q(waits_since__isnull=False, state__in=DISPATCHABLE)
    return WorkflowRun.objects.filter(
        _COUNTED, is_new | waits, finished_at=None, auto_dispatch=True
    )


def first_of(queue: QuerySet[WorkflowRun], most: int) -> list[Waiting]:
    """Return the first runs of a queue, at most so many of each template, the next one first."""
    place = Window(RowNumber(), partition_by="template", order_by=[F("priority").desc(), "pk"])
    found = queue.order_by().annotate(place=place).filter(place__lte=most)
    rows = found.values_list("priority", "pk", "template_id")
    return sorted(Waiting(-priority, pk, template) for priority, pk, template in rows)


def next_beside(template_id: int) -> list[int]:
    """Return the runs that wait for one of this template, and that may have a place now."""
    places = Places()
    if not places.limits_of(template_id):
        return []
    return _unblocked(queued().filter(template__in=places.beside(template_id)), places)


def next_of_all() -> list[int]:
    """Return all runs that have waited and may have a place now, whether a limit is left or not."""
    return _unblocked(queued().filter(waits_since__isnull=False), None)


def _unblocked(queue: QuerySet[WorkflowRun], places: Places | None) -> list[int]:
    waiting = first_of(queue, MOST_LOOKED_AT)
    places = places or (Places() if waiting else Places([]))
    return [each.pk for each in waiting if not places.blocker(each, each.order)]


def _limits_of(
    policies: Iterable[TemplatePolicy], wanted: Collection[int | None] | None
) -> dict[int | None, list[Limit]]:
    known = {policy.pk: policy for policy in policies}
    sharing: dict[str, set[int]] = {}
    for pk, policy in known.items():
        for name in policy.lock_names:
            sharing.setdefault(name, set()).add(pk)
    found: dict[int | None, list[Limit]] = {}
    for pk, policy in known.items():
        if wanted is None or pk in wanted:
            own = [Limit(frozenset({pk}), n)] if (n := policy.max_active_runs) else []
            locks = [Limit(frozenset(sharing[name]), 1, name) for name in policy.lock_names]
            found[pk] = own + locks
    return found
