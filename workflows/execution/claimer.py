"""Claims attempts for an executor: waiting ones for its free slots, and a few more ahead."""

import time
from collections import defaultdict
from collections.abc import Collection
from uuid import UUID, uuid4

from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce

from runners.database import connection
from runners.kinds import kinds_served_locally
from workflows.dispatch.claims import (
    Claimed,
    ClaimRequest,
    claim_attempts,
    claim_waiting,
    claimed_by,
)
from workflows.dispatch.leases import EXECUTOR_LEASE
from workflows.execution.prefetch import PrefetchBuffer
from workflows.execution.set_aside import SetAside
from workflows.models import TaskAttempt, TaskState
from workflows.models.actor import Actor

LOOK_EVERY_S = 0.2
"""How often an executor with free slots looks for waiting attempts."""
TRIES = 4
"""So often, the claim of a given attempt may be at fault before it is left to recovery."""


IS_LATEST = Q(task__run__isnull=False, number=F("task__attempt_count"))


class Claimer:
    """Claims local attempts of all runs or of one run, or one given attempt."""

    def __init__(self, *, by: Actor, run_id: int | None, attempt_id: UUID | None) -> None:
        """Claim for this actor, in its name."""
        self._by = by
        self._key = uuid4()
        self._asked_on: object = connection.connection
        self._run_id = run_id
        self._attempt_id = attempt_id
        self._set_aside = SetAside()
        self._looked_at = float("-inf")
        self.is_claiming = True
        """True as long as further attempts may be claimed."""

    def request(self, free: int, prefetched: PrefetchBuffer) -> ClaimRequest:
        """
        Return what to claim together with a report.

        The reported run keeps the slots; now and then, they are left to the run that waits longest.
        """
        keeps = self._run_id or time.monotonic() < self._looked_at + LOOK_EVERY_S
        if not keeps or not self.is_claiming or self._attempt_id:
            return self._request(0, 0)
        return self._request(free, prefetched.free)

    def claim(self, free: int) -> list[Claimed]:
        """Claim waiting attempts for free slots; a run whose claim fails is set aside."""
        self._looked_at = time.monotonic()
        if self._run_id:
            return [claim_waiting(self._run_id, self._request(free, 0))]
        claimed = [self._claim_in(run, ids) for run, ids in self._waiting(free).items()]
        if self._attempt_id:  # it is ours now, or never will be, unless the claim failed
            self.is_claiming = any(self._set_aside.faults(run) < TRIES for run in self._failed)
        return claimed

    def unheard_claims(self, held: Collection[UUID]) -> Claimed:
        """
        After each loss of the connection, return what is claimed here and not held.

        If it was lost amid a commit, nobody has told us that the claim was stored. What was claimed
        in this executor's name has begun nowhere unless it is held.
        """
        if self._asked_on is connection.connection:
            return Claimed()
        ours = [each for each in claimed_by(self._key) if each.pk not in held]
        self._asked_on = connection.connection
        started = [attempt for attempt in ours if attempt.started_at]
        return Claimed(started, [attempt for attempt in ours if not attempt.started_at])

    def expect_claims(self) -> None:
        """Ask at the next turn, too: something may be claimed in this executor's name elsewhere."""
        self._asked_on = object()

    @property
    def _failed(self) -> list[int]:
        return self._set_aside.present()

    def _request(self, slots: int, prefetch: int) -> ClaimRequest:
        return ClaimRequest(slots, prefetch, EXECUTOR_LEASE, self._by, self._key)

    def _claim_in(self, run_id: int, attempt_ids: list[UUID]) -> Claimed:
        started: list[TaskAttempt] = []
        with self._set_aside.bulkhead(run_id, f"claims in workflow run {run_id}", run_id=run_id):
            started = claim_attempts(
                run_id, attempt_ids, lease=EXECUTOR_LEASE, by=self._by, claimer=self._key
            )
        return Claimed(started)

    def _waiting(self, free: int) -> dict[int, list[UUID]]:
        """
        Return the ids of as many waiting attempts as there are free slots, by run.

        An attempt that no claim can win, because somebody has edited its task, is left out: it
        would stay at the head of the queue forever.
        """
        found: dict[int, list[UUID]] = defaultdict(list)
        # Hidden from the planner, which might begin with the dispatched tasks of all runs.
        state = Coalesce("task__state", Value(""))
        mine = TaskAttempt.objects.waiting().filter(self._mine(), IS_LATEST)
        waiting = mine.alias(state_of_task=state).filter(state_of_task=TaskState.DISPATCHED)
        if self._failed:
            waiting = waiting.exclude(task__run__in=self._failed)
        for run_id, attempt_id in waiting.values_list("task__run_id", "pk")[:free]:
            found[run_id].append(attempt_id)
        return found

    def _mine(self) -> Q:
        if self._attempt_id:
            return Q(pk=self._attempt_id)
        return Q(runner_kind__in=kinds_served_locally(), lease_expires_at=None)
