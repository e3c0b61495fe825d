"""The mark and the style of each task state in a terminal."""

from workflows.models import TaskState

MARKS = {
    TaskState.PENDING: ("·", "dim"),
    TaskState.DISPATCHED: ("»", "cyan"),
    TaskState.RUNNING: ("▶", "bold blue"),
    TaskState.SUCCESS: ("✓", "green"),
    TaskState.FAILED: ("✗", "bold red"),
    TaskState.CANCELED: ("⊘", "yellow"),
}
