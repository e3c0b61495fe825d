"""The operations that the admin offers: their labels, forms and messages."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from workflows.admin.actions.forms import (
    CommentForm,
    HoldForm,
    LabelsForm,
    NoteForm,
    OperationForm,
    ReasonForm,
    RequiredReasonForm,
    RetryFailedForm,
)
from workflows.admin.actions.results import (
    Message,
    describe_approval,
    describe_asked,
    describe_auto_dispatch,
    describe_dispatch,
    describe_kept,
    describe_labeled,
    describe_noted,
    describe_reset,
    describe_retried,
    describe_run,
    describe_task,
)
from workflows.operations import catalog
from workflows.operations.catalog import Operation


@dataclass(frozen=True, slots=True)
class AdminOperation:
    """An operation as the admin offers it; its check decides whether it is allowed."""

    domain: Operation
    describe: Callable[[Any], Message]
    """Returns the message about what happened, from what the operation returned."""
    form: type[OperationForm] | None = None
    """The form that asks for its arguments; without one, a click is enough."""
    advice: str = ""
    wording: str = ""
    """The question with a gap for what it is about: `Add a note to {}`; by default `Label {}`."""
    affected: str = ""
    """What its preview counts first, if that is what the question is about: `failed task`."""
    icon: str = ""
    """Of its button, where it is the first to help."""
    is_destructive: bool = False
    """It ends or refuses something for good: its button is red, and takes a click."""

    @property
    def phrase(self) -> str:
        """Return the question with a gap."""
        return self.wording or f"{self.label} {{}}"

    @property
    def verb(self) -> str:
        """Return its first word."""
        return self.label.split()[0]

    @property
    def name(self) -> str:
        """Return its name in URLs and forms."""
        return self.domain.name

    @property
    def label(self) -> str:
        """Return what its button says."""
        return self.domain.label


DISPATCH = AdminOperation(
    catalog.DISPATCH_READY, describe_dispatch, wording="Dispatch a ready task of {}", icon="play"
)
DISPATCH_ALL = AdminOperation(
    catalog.DISPATCH_ALL_READY,
    describe_dispatch,
    wording="Dispatch all ready tasks of {}",
    icon="play",
)
DISPATCH_TASK = AdminOperation(
    catalog.DISPATCH_TASK, describe_dispatch, wording="Dispatch {}", icon="play"
)
PAUSE = AdminOperation(
    catalog.PAUSE,
    describe_run,
    ReasonForm,
    "No more tasks are dispatched until the run is resumed. Active tasks continue.",
)
RESUME = AdminOperation(catalog.RESUME, describe_run, icon="play")
ABORT = AdminOperation(
    catalog.ABORT,
    describe_run,
    ReasonForm,
    "This is final. Tasks that have not started are canceled; active tasks are asked to end.",
    is_destructive=True,
)
AUTO_DISPATCH_ON = AdminOperation(
    catalog.AUTO_DISPATCH_ON,
    describe_auto_dispatch,
    ReasonForm,
    "What is ready is dispatched at once, and from now on whatever becomes ready.",
    wording="Switch auto-dispatch of {} on",
)
AUTO_DISPATCH_OFF = AdminOperation(
    catalog.AUTO_DISPATCH_OFF,
    describe_auto_dispatch,
    ReasonForm,
    "Tasks that become ready wait until somebody dispatches them. Active tasks continue.",
    wording="Switch auto-dispatch of {} off",
)
CANCEL_REST = AdminOperation(
    catalog.CANCEL_REST,
    describe_run,
    ReasonForm,
    "Tasks that wait for a failed or canceled task are canceled; other tasks continue.",
    wording="Cancel the rest of {}",
    affected="waiting task",
    is_destructive=True,
)
KEEP = AdminOperation(
    catalog.KEEP,
    describe_kept,
    RequiredReasonForm,
    "Retention leaves the run alone, with its logs and secrets, until somebody lets it go.",
)
LET_GO = AdminOperation(
    catalog.LET_GO,
    describe_kept,
    ReasonForm,
    "The run is kept no longer than others of its template: it may be removed soon.",
    wording="Keep {} no longer",
)
LABEL = AdminOperation(
    catalog.LABEL,
    describe_labeled,
    LabelsForm,
    "Runs are found by their labels: search for label:team=data.",
    wording="Change labels of {}",
)
NOTE = AdminOperation(catalog.NOTE, describe_noted, NoteForm, wording="Add a note to {}")
HOLD = AdminOperation(
    catalog.HOLD,
    describe_task,
    HoldForm,
    "The task is not dispatched until it is released. Other ready tasks do not wait for it.",
)
RELEASE = AdminOperation(
    catalog.RELEASE,
    describe_task,
    ReasonForm,
    "The task can be dispatched once it is ready.",
    icon="play",
)
CANCEL = AdminOperation(
    catalog.CANCEL,
    describe_task,
    ReasonForm,
    "A task that is being executed is canceled once its process has been ended.",
    is_destructive=True,
)
RETRY = AdminOperation(
    catalog.RETRY,
    describe_task,
    ReasonForm,
    "The task returns to the queue; its next dispatch is a new attempt.",
    icon="retry",
)
RETRY_FAILED = AdminOperation(
    catalog.RETRY_FAILED,
    describe_retried,
    RetryFailedForm,
    "All failed tasks return to the queue; the next dispatch of each is a new attempt.",
    wording="Retry failed tasks of {}",
    affected="failed task",
    icon="retry",
)
RETRY_DOWNSTREAM = AdminOperation(
    catalog.RETRY_DOWNSTREAM,
    describe_reset,
    ReasonForm,
    "The task is run again, and so are all ended tasks downstream of it, even successful ones. "
    "Earlier attempts, their logs and results are kept.",
    wording="Retry {} with downstream",
)
MARK_SUCCESS = AdminOperation(
    catalog.MARK_SUCCESS,
    describe_task,
    RequiredReasonForm,
    "The task counts as done, so tasks that wait only for it become ready. "
    "It is permanently shown as set by hand. Where nobody has approved it, this is the decision.",
    wording="Mark {} success",
)
ASK = AdminOperation(catalog.ASK, describe_asked, wording="Ask about {} now")
DECLARE_LOST = AdminOperation(
    catalog.DECLARE_LOST,
    describe_task,
    RequiredReasonForm,
    "The attempt fails, its place is free, and its later reports are refused. Its runner is not "
    "asked any more: if the attempt still runs there, it goes on.",
    wording="Declare {} lost",
    is_destructive=True,
)
APPROVE = AdminOperation(
    catalog.APPROVE,
    describe_approval,
    CommentForm,
    "The task can be dispatched once it is ready. A decision is final.",
    icon="success",
)
REJECT = AdminOperation(
    catalog.REJECT,
    describe_approval,
    CommentForm,
    "The task is canceled, and tasks that wait for it cannot start. A decision is final.",
    is_destructive=True,
)

RUN_OPERATIONS = (
    PAUSE,
    RESUME,
    AUTO_DISPATCH_ON,
    AUTO_DISPATCH_OFF,
    RETRY_FAILED,
    ABORT,
    KEEP,
    LET_GO,
    NOTE,
    LABEL,
)
TASK_OPERATIONS = (
    DISPATCH_TASK,
    HOLD,
    RELEASE,
    ASK,
    CANCEL,
    DECLARE_LOST,
    RETRY,
    RETRY_DOWNSTREAM,
    MARK_SUCCESS,
)
APPROVAL_OPERATIONS = (APPROVE, REJECT)

OPERATIONS = {each.name: each for each in [*vars().values()] if isinstance(each, AdminOperation)}
"""All of them by their names, as suggestions have them."""
