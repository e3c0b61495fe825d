"""What `verify_run` does not prove: the columns that may be edited without a finding."""

from collections.abc import Mapping

KEY = "a number that nothing but other tables refers to"
CHANGES = "it changes without an event, so nothing says what it must be"
UNTIL_DELETED = "deleting what it refers to empties it"

UNPROTECTED: Mapping[str, Mapping[str, str]] = {
    "WorkflowRun": {
        "id": KEY,
        "template_id": f"{UNTIL_DELETED}; any other value is found",
        "secrets": "the values of secrets are encrypted anew when keys change",
        "encrypted_secrets": "the values of secrets are encrypted anew when keys change",
        "secrets_removed_at": "of a run without secrets, it is set without an event",
        "set_aside": CHANGES,
        "auto_dispatch": "events say when it was switched, and not what it was before",
        "last_dispatch": CHANGES,
        "updated_at": CHANGES,
        "trail_saved_at": "it differs from updated_at after a process of an earlier release",
    },
    "Task": {"id": KEY},
    "TaskDependency": {"id": KEY},
    "TaskAttempt": {
        "id": KEY,
        "runner_id": f"{UNTIL_DELETED}; name and kind of the runner are found",
        "submitted_at": "it may be stored after the end",
        "lease_expires_at": CHANGES,
        "claimed_by": CHANGES,
        "times_out_at": CHANGES,
        "details": "a host may add to it after the end",
        "token_hash": "it is written again with each submission",
    },
    "LogPiece": {"id": KEY},
    "Event": {"id": f"{KEY}; a change of the order is found"},
    "Approval": {"id": KEY},
    "RunLabel": {"id": KEY},
    "RunRecord": {},
}
"""By model and column, with the reason; every other column of these tables is protected."""
