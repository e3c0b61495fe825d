"""Errors of the domain. API, admin and commands translate each class once."""

from collections.abc import Mapping, Sequence


class WorkflowError(Exception):
    """The request cannot be carried out; the message says why."""

    code = "error"

    @property
    def detail(self) -> str:
        """The message for people, one sentence."""
        return str(self)


class NotFound(WorkflowError):
    """The object that was named does not exist."""

    code = "not_found"

    def __init__(self, what: str, name: object, hint: str = "") -> None:
        self.what = what
        super().__init__(f"{what} {name} not found" + (f"; {hint}" if hint else ""))


class Conflict(WorkflowError):
    """The state of the object does not allow the request."""

    code = "conflict"


class WrongState(Conflict):
    """The state of the thing itself does not allow it: a retry of what is running, for example."""


class InUse(Conflict):
    """Something else needs the object, which therefore cannot be deleted."""

    code = "in_use"


class RunNotDispatchable(WrongState):
    """The run is paused or aborted; nothing can be dispatched from it."""

    code = "run_not_dispatchable"


class NotPermitted(WorkflowError):
    """The state of the object requires a permission that this person does not have."""

    code = "permission_denied"


class Busy(WorkflowError):
    """Somebody else holds the lock of the object for so long that waiting is no use."""

    code = "busy"

    def __init__(self, what: str, name: object) -> None:
        super().__init__(f"{what} {name} is busy; try again")


class RunSetAside(Conflict):
    """The rows of the run cannot be worked with; the message says what was raised."""

    code = "run_set_aside"

    def __init__(self, run_id: int | None, trouble: str) -> None:
        super().__init__(f"workflow run {run_id} is set aside: {trouble}; compare it by verify_run")


class ReportRefused(Conflict):
    """The report is about an outdated attempt, or its task does not have that transition."""

    code = "report_refused"


class TokenRefused(WorkflowError):
    """The token does not belong to any attempt of the task."""

    code = "token_refused"


class Invalid(WorkflowError):
    """The input is invalid; the errors are listed by field."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {name: list(texts) for name, texts in fields.items()}
        super().__init__("; ".join(f"{name}: {_joined(texts)}" for name, texts in fields.items()))


def _joined(texts: Sequence[str]) -> str:
    """Return several errors in one line; those that are no sentences are separated."""
    are_sentences = all(text.endswith(".") for text in texts)
    return (" " if are_sentences else "; ").join(texts)


class InvalidGraph(Invalid):
    """The steps do not form a DAG."""

    code = "invalid_graph"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__({"steps": problems})
