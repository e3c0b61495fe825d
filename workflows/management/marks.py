"""How each task state looks in a terminal: a mark, and a style of rich."""

from workflows.models import TaskState

MARKS = {
    TaskState.PENDING: ("·", "dim"),
    TaskState.DISPATCHED: ("»", "cyan"),
    TaskState.RUNNING: ("▶", "bold blue"),
    TaskState.SUCCESS: ("✓", "green"),
    TaskState.FAILED: ("✗", "bold red"),
    TaskState.CANCELED: ("⊘", "yellow"),
}
