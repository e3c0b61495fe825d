"""How long ended runs, their logs and their secrets are kept, and which of them are due."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet

from runners.conf import setting
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.models.choices import Literal
from workflows.models.policy import FOREVER, MOST_DAYS


@dataclass(frozen=True, slots=True)
class Subject:
    """What is kept for so long: runs, their logs, their secrets."""

    name: str
    setting: str
    still_has: Q
    """The runs that still have it."""
    policy_column: str = ""
    """Of a template's policy; empty if templates have no say."""

    @property
    def default_days(self) -> int:
        """
        How many days the installation keeps it; 0: forever.

        :raises ImproperlyConfigured: on anything else, such as -1: nothing is removed by mistake.
        """
        return int(setting(self.setting))


RUNS = Subject("runs", "KEEP_RUNS_DAYS", Q(), "keep_runs_days")
LOGS = Subject("logs", "KEEP_LOGS_DAYS", Q(logs_removed_at=None), "keep_logs_days")
SECRETS = Subject("secrets", "KEEP_SECRETS_DAYS", Q(secrets_removed_at=None))

# An aborted run has ended, and its last tasks may still be with their runners.
IDLE = Q(dispatched_count=0, running_count=0)


@dataclass(frozen=True, slots=True)
class Due:
    """Runs that something is due of, by one rule."""

    runs: QuerySet[WorkflowRun]
    reason: str


def days_by_template(subject: Subject) -> dict[int | None, int]:
    """Return for how many days each template keeps it; None: runs whose template was deleted."""
    default, column = subject.default_days, subject.policy_column
    if not column and not default:
        return {}
    found: dict[int | None, int] = {None: default}
    of_policy = f"policy__{column}" if column else "policy"
    for pk, days in WorkflowTemplate.objects.order_by("pk").values_list("pk", of_policy):
        # A person with SQL may have stored more days than a date has.
        found[pk] = default if days is None or not column else min(days, MOST_DAYS)
    return found


def due(
    subject: Subject, now: datetime, *, templates: Sequence[int] | None = None
) -> Iterator[Due]:
    """
    Yield the runs of which something has been kept for long enough; for each number of days once.

    Each is answered by an index: for each template, from its oldest ended run on.

    :param templates: only runs of these.
    """
    by_days: dict[int, list[int | None]] = defaultdict(list)
    for pk, days in days_by_template(subject).items():
        if days != FOREVER and (templates is None or pk in templates):
            by_days[days].append(pk)
    for days, pks in by_days.items():
        reason = f"{subject.name} are kept for {days} {'day' if days == 1 else 'days'}"
        for of_template in _conditions(pks):
            yield Due(ended(subject, now - timedelta(days=days)).filter(of_template), reason)


def ended_before(
    before: datetime, reason: str, *, templates: Sequence[int] | None = None
) -> Iterator[Due]:
    """Yield the runs that ended before a moment, whatever the policies say."""
    known = WorkflowTemplate.objects.order_by("pk").values_list("pk", flat=True)
    for of_template in _conditions([None, *known] if templates is None else templates):
        yield Due(ended(RUNS, before).filter(of_template), reason)


def _conditions(templates: Sequence[int | None]) -> Iterator[Q]:
    if None in templates:
        yield Q(template=None)
    if known := [pk for pk in templates if pk is not None]:
        yield Q(template__in=known)


def ended(subject: Subject, before: datetime) -> QuerySet[WorkflowRun]:
    """Return the runs that ended before a moment, still have it, and that nobody keeps."""
    # A constant: a plan that suits any moment reads all ended runs to find that none is due.
    is_old = Q(finished_at__lt=Literal(before))
    runs = WorkflowRun.objects.filter(IDLE, subject.still_has, is_old)
    return runs.filter(kept_at=None).order_by()
