"""What an executor takes on: it claims attempts for its free slots, and begins them."""

from collections.abc import Collection
from uuid import UUID

from workflows.dispatch.claims import Claimed, ClaimRequest
from workflows.execution.claimer import Claimer
from workflows.execution.prefetch import PrefetchBuffer
from workflows.execution.running_attempts import RunningAttempts
from workflows.execution.tenure import uptime


class Intake:
    """Keeps the slots busy, from claims and from the prefetch buffer."""

    def __init__(
        self,
        claimer: Claimer,
        prefetched: PrefetchBuffer,
        running: RunningAttempts,
        *,
        concurrency: int,
    ) -> None:
        """Take on as many attempts at a time as `concurrency`."""
        self._claimer = claimer
        self._prefetched = prefetched
        self._running = running
        self._concurrency = concurrency
        self._asked_at = uptime()

    @property
    def free_slots(self) -> int:
        """For how many attempts there are slots now; none if it claims no more."""
        free = self._concurrency - len(self._running)
        return free if self._claimer.is_claiming else 0

    def request(self) -> ClaimRequest:
        """Return what to claim together with a report."""
        self._asked_at = uptime()
        return self._claimer.request(self.free_slots, self._prefetched)

    def first_claim(self) -> ClaimRequest:
        """Return what to claim with a dispatch before the executor serves; then, it begins that."""
        self._claimer.expect_claims()
        return self.request()

    def claim(self) -> None:
        """Claim waiting attempts, if there are slots, and begin them."""
        self._asked_at = uptime()
        if free := self.free_slots:
            for claimed in self._claimer.claim(free):
                self.begin(claimed)

    def begin_unheard(self, held: Collection[UUID]) -> None:
        """Begin what is claimed here, although the answer to its claim was lost."""
        self._asked_at = uptime()
        if claimed := self._claimer.unheard_claims(held):
            self.begin(claimed)

    def begin(self, claimed: Claimed) -> None:
        """Begin the started attempts, then prefetched ones as long as there are slots."""
        for attempt in claimed.started:
            self._running.begin_if_ours(attempt, self._asked_at)
        for attempt in claimed.prefetched:
            self._prefetched.add(attempt, self._asked_at)
        self.begin_prefetched()

    def begin_prefetched(self) -> None:
        """Begin prefetched attempts as long as there are slots."""
        while len(self._running) < self._concurrency and (attempt := self._prefetched.next()):
            self._running.begin(attempt)

    def release_prefetched(self) -> None:
        """Release prefetched attempts that have waited too long; all if it claims no more."""
        if self._claimer.is_claiming:
            self._prefetched.release_stale()
        else:
            self._prefetched.release_all()
