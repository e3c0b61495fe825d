"""What the domain refuses. Each refusal is worded where it is raised; each door maps it once."""

from collections.abc import Mapping, Sequence


class WorkflowError(Exception):
    """Something was asked for that cannot be done."""

    code = "error"

    @property
    def detail(self) -> str:
        """One sentence for people."""
        return str(self)


class NotFound(WorkflowError):
    """What was named does not exist."""

    code = "not_found"

    def __init__(self, what: str, name: object) -> None:
        super().__init__(f"{what} {name} not found")


class Conflict(WorkflowError):
    """The thing exists, but its state does not allow what was asked."""

    code = "conflict"


class WrongState(Conflict):
    """The state of the thing itself does not allow it: a retry of what is running, for example."""


class RunNotDispatchable(WrongState):
    """The run is paused or aborted; nothing can be dispatched from it."""

    code = "run_not_dispatchable"


class ReportRefused(Conflict):
    """The report is about an outdated attempt, or would make a move that its task does not have."""

    code = "report_refused"


class TokenRefused(WorkflowError):
    """Whoever reports has no token of any attempt of the task."""

    code = "token_refused"


class Invalid(WorkflowError):
    """What was handed in is wrong; says which fields and how to mend them."""

    code = "invalid"

    def __init__(self, fields: Mapping[str, Sequence[str]]) -> None:
        self.fields = {name: list(texts) for name, texts in fields.items()}
        super().__init__("; ".join(f"{name}: {' '.join(texts)}" for name, texts in fields.items()))


class InvalidGraph(Invalid):
    """The steps form no DAG."""

    code = "invalid_graph"

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__({"steps": problems})
