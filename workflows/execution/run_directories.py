"""
Which directory a run has on this machine, and which directories are not needed any more.

A slot makes it before the first attempt of the run that is executed here. Each executor looks now
and then which runs have succeeded meanwhile, on whatever machine: nobody has to be told. A run that
failed may be retried, so its directory stays until retention removes its logs, or the run.
"""

import re
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from django.db.models import Q

from runners.conf import setting
from runners.run_directories import Removal
from workflows.models import RunRecord, RunState, WorkflowRun
from workflows.runs.transitions import batches

LOOK_EVERY_S = 15.0
NAME = re.compile(r"([1-9][0-9]{0,17})-[0-9]{8}T[0-9]{12}")

_removal = Removal()
_next_look = {"at": time.monotonic() + LOOK_EVERY_S}
"""Of this process: a Celery worker has an executor for each attempt."""


def runs_dir() -> Path:
    """Return the folder in which runs have their directories on this machine."""
    return Path(setting("RUNS_DIR"))


def directory_of(run: WorkflowRun) -> Path:
    """Return the directory of a run, which is that of no run of another database."""
    return runs_dir() / _name_of(run.pk, run.created_at)


def remove_unneeded_now_and_then() -> None:
    """Remove the directories of successful runs, if this process has not looked for a while."""
    if time.monotonic() >= _next_look["at"] and not _removal.is_busy:
        _next_look["at"] = time.monotonic() + LOOK_EVERY_S
        _remove(_unneeded())


def remove_unneeded() -> None:
    """Remove the directories of successful runs, and wait until they are gone."""
    _removal.wait()
    _remove(_unneeded())
    _removal.wait()


def _remove(names: Sequence[str]) -> None:
    if names:
        folder = runs_dir()
        _removal.begin([str(folder / name) for name in names])


def _unneeded() -> list[str]:
    """Return the directories of runs that have succeeded, lost their logs, or are gone."""
    present: dict[str, int] = {}
    with suppress(OSError):  # no attempt has been executed here yet
        for entry in runs_dir().iterdir():
            if found := NAME.fullmatch(entry.name):
                present[entry.name] = int(found[1])
    unneeded: set[str] = set()
    for batch in batches(list(present.values())):
        unneeded.update(_name_of(pk, created_at) for pk, created_at in _over_or_gone(batch))
    return sorted(unneeded & present.keys())


def _over_or_gone(run_ids: Sequence[int]) -> list[tuple[int, datetime]]:
    runs = WorkflowRun.objects.filter(pk__in=run_ids)
    is_over = Q(state=RunState.SUCCESS) | Q(logs_removed_at__isnull=False)
    over = runs.filter(is_over).values_list("pk", "created_at")
    # That there is no such run is not enough: it may be one of another database.
    records = RunRecord.objects.filter(run_id__in=run_ids).exclude(run_id__in=runs.values("pk"))
    gone = records.values_list("run_id", "created_at")
    return list(over.order_by().union(gone.order_by()))


def _name_of(run_id: int, created_at: datetime) -> str:
    return f"{run_id}-{created_at.astimezone(UTC):%Y%m%dT%H%M%S%f}"
