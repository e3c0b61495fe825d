"""The job of an attempt: what a slot is told to do."""

from runners.conf import setting
from runners.jobs import ATTEMPT_ID, BadPayload, Job, job_of
from runners.run_directories import VARIABLE
from workflows.execution.run_directories import directory_of
from workflows.models import TaskAttempt
from workflows.payloads.secrets import SecretsUnreadable, revealed


def job_of_attempt(attempt: TaskAttempt) -> Job:
    """
    Return the job that an attempt describes, with the secrets in it.

    :raises BadPayload: saying what is missing or wrong.
    """
    ids = {
        "ORCHESTRATOR_RUN_ID": str(attempt.run_id),
        "ORCHESTRATOR_TASK_ID": str(attempt.task_id),
        ATTEMPT_ID: str(attempt.pk),
    }
    if run := attempt.task.run:
        ids[VARIABLE] = str(directory_of(run))
    try:
        payload = revealed(attempt)
    except SecretsUnreadable as exc:
        raise BadPayload(str(exc)) from exc
    return job_of(
        payload,
        base_dir=setting("BASE_DIR"),
        ids=ids,
        secret_names=attempt.runner.secret_names if attempt.runner else (),
        number=attempt.number,
    )
