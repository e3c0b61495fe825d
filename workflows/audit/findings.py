"""What verification says: findings, and what it has looked at."""

from dataclasses import asdict, dataclass, field
from typing import Any

YES_NO = {True: "yes", False: "no"}


@dataclass(frozen=True, slots=True)
class Finding:
    """A mismatch: an impossible event, or a row that the trail does not explain."""

    run_id: int
    what: str
    expected: str
    found: str
    task_id: int | None = None
    event_id: int | None = None

    @property
    def sentence(self) -> str:
        """The finding in one line."""
        where = [f"workflow run {self.run_id}"]
        where += [f"event {self.event_id}"] if self.event_id else []
        where += [f"task {self.task_id}"] if self.task_id else []
        return f"{', '.join(where)}: {self.what}: expected {self.expected}, found {self.found}"

    def as_json(self) -> dict[str, Any]:
        """Return the finding as JSON data."""
        return asdict(self)


@dataclass(slots=True)
class Examination:
    """What was found in a run, and how much of its trail is protected by the chain."""

    run_id: int
    findings: list[Finding] = field(default_factory=list)
    chained: int = 0
    of_creation: int = 0
    """Events of the creation of tasks, which follow from what the run was created with."""
    not_chained: int = 0
    """Events that were written by an earlier release."""
    counted: int = 0
    """Events that only count how often something was repeated; they are never chained."""
    sealed: str = ""
    """The end at which its record was sealed last."""
    head: str = ""
    """The digest of the latest chained event: a copy of it elsewhere shows a chain made anew."""
    removed: str = ""
    """When the run was removed, by whom and why; nothing but its line is left to be verified."""

    @property
    def events(self) -> int:
        """How many events there are."""
        return self.chained + self.of_creation + self.not_chained + self.counted

    def head_as_json(self) -> dict[str, Any]:
        """Return up to where the trail is chained, as JSON data."""
        return {"run_id": self.run_id, "trail_head": self.head, "trail_length": self.chained}

    @property
    def sentence(self) -> str:
        """What was verified, in one line."""
        if self.removed:
            return f"workflow run {self.run_id}: {self.removed}"
        parts = [f"{self.events:,} events", f"{self.chained + self.of_creation:,} of them chained"]
        if self.counted:
            parts.append(f"{self.counted:,} only count")
        if self.not_chained:
            written = "1 was" if self.not_chained == 1 else f"{self.not_chained:,} were"
            parts.append(f"{written} written by an earlier release and not chained")
        parts.append(f"sealed at its end, {self.sealed}" if self.sealed else "not sealed yet")
        return f"workflow run {self.run_id}: {', '.join(parts)}"


def as_text(value: Any) -> str:
    """Return a value of a finding as people read it."""
    if value is None:
        return "nothing"
    return YES_NO[value] if isinstance(value, bool) else str(value)
