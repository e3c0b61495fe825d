"""System checks: the present keys can read the secret parameters of runs that may still go on."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import WARNING, CheckMessage, Error
from django.db import DatabaseError

from workflows.models import RunState, WorkflowRun
from workflows.models.run import UNFINISHED
from workflows.payloads.rotation import FORGOTTEN, NO_TEXTS, NONSENSE, WITH_SECRETS
from workflows.payloads.secrets import unreadable_parameters

MOST_RUNS = 200
"""So many are read, the latest first."""
MOST_NAMED = 10
UNREADABLE = "Secret parameters of {} cannot be read with the present SECRETS_KEYS: {}."
REMEDY = (
    "Add the key that they were encrypted with to SECRETS_KEYS. If it is lost, manage.py "
    "rotate_secrets --forget gives them up; until then, migrate needs --skip-checks."
)
PLAIN = "Secret parameters of workflow runs are stored in plain text, by the release before."
ENCRYPT = "Once all processes are those of this release, encrypt them: manage.py rotate_secrets"


def check_stored_secrets(
    app_configs: object = None, databases: Sequence[str] | None = None, **_: Any
) -> list[CheckMessage]:
    """Name the runs whose secrets cannot be read; `check --database default` asks for it."""
    runs = [run for database in databases or () for run in _latest_runs(database)]
    errors: list[CheckMessage] = [
        Error(UNREADABLE.format(run, ", ".join(names)), hint=REMEDY, id="orchestrator.E007")
        for run in runs
        if (names := _missed_names(run))
    ]
    if any(run.secrets for run in runs):
        errors.append(CheckMessage(WARNING, PLAIN, hint=ENCRYPT, id="orchestrator.W001"))
    return errors[:MOST_NAMED]


def _missed_names(run: WorkflowRun) -> list[str]:
    try:
        names = unreadable_parameters(run)
        return [name for name in names if run.encrypted_secrets.get(name) != FORGOTTEN]
    except NO_TEXTS:
        return [NONSENSE]


def _latest_runs(database: str) -> list[WorkflowRun]:
    """Return the latest runs with secrets that may still go on; a failed one, by a retry."""
    latest = WorkflowRun.objects.using(database).filter(state__in=(*UNFINISHED, RunState.FAILED))
    ids = latest.order_by("-pk").values("pk")[:MOST_RUNS]
    found = WorkflowRun.objects.using(database).filter(WITH_SECRETS, pk__in=ids).order_by("-pk")
    try:
        return list(found.only("secrets", "encrypted_secrets"))
    except DatabaseError:  # `migrate` checks first, and has yet to make the table or the column
        return []
