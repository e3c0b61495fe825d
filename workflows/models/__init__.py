"""The models of the domain."""

from workflows.models.approval import Approval, ApprovalStatus
from workflows.models.attempt import LogPiece, TaskAttempt
from workflows.models.console import Operations
from workflows.models.counter import Counter
from workflows.models.event import Event, EventType
from workflows.models.label import RunLabel
from workflows.models.policy import TemplatePolicy
from workflows.models.presence import LastLook, Presence
from workflows.models.record import RunRecord
from workflows.models.run import RunState, WorkflowRun
from workflows.models.task import Task, TaskDependency, TaskState
from workflows.models.template import (
    ApprovalLasts,
    StepDependency,
    TemplateStep,
    TemplateVersion,
    WorkflowTemplate,
)
from workflows.models.view import SavedView

__all__ = [
    "Approval",
    "ApprovalLasts",
    "ApprovalStatus",
    "Counter",
    "Event",
    "EventType",
    "LastLook",
    "LogPiece",
    "Operations",
    "Presence",
    "RunLabel",
    "RunRecord",
    "RunState",
    "SavedView",
    "StepDependency",
    "Task",
    "TaskAttempt",
    "TaskDependency",
    "TaskState",
    "TemplatePolicy",
    "TemplateStep",
    "TemplateVersion",
    "WorkflowRun",
    "WorkflowTemplate",
]
