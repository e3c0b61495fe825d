"""Shows the progress of a run: a live table in a terminal, a line for each event in a pipe."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

from django.utils import timezone
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from workflows.db.refusals import is_refusal
from workflows.execution.set_aside import reconnect
from workflows.management.marks import MARKS
from workflows.management.output import discard_output
from workflows.models import Event, Task, TaskState, WorkflowRun
from workflows.models.event import EventType
from workflows.models.task import ACTIVE, BROKEN

MAX_ROWS = 24

logger = logging.getLogger(__name__)


class ProgressConsole(Console):
    """A console that leaves it to its user what follows when nobody reads any more."""

    def on_broken_pipe(self) -> NoReturn:
        """Raise the error, instead of ending the program."""
        raise BrokenPipeError("nobody reads the output any more")


class Progress:
    """Shows one run; an update takes a few statements, whatever the size of the run."""

    def __init__(self, run: WorkflowRun, console: Console) -> None:
        """Prepare to show a run."""
        self._run = run
        self._last_event = 0
        self._console = console
        self._is_shown = not console.quiet
        is_live = self._is_shown and console.is_terminal
        self._live = Live(console=console, auto_refresh=False) if is_live else None

    def __enter__(self) -> Callable[[], None]:
        """Start; returns the function to call for each update."""
        if self._live:
            with self._harmless():
                self._live.start()
        return self.update

    def __exit__(self, *_: object) -> None:
        """Show the final state, which stays on the screen."""
        self.update()
        if self._live:
            with self._harmless():
                self._live.stop()

    def update(self) -> None:
        """Show the run as it was last read; nothing that fails here ends the work."""
        if self._is_shown:
            with self._harmless():
                self._show()

    def _show(self) -> None:
        if self._live:
            self._live.update(_render(self._run), refresh=True)
        else:
            self._print_events()

    @contextmanager
    def _harmless(self) -> Iterator[None]:
        """Stop showing if that fails, but for a database that does not answer now."""
        try:
            yield
        except Exception as exc:  # noqa: BLE001 (whatever it is, it is only about showing)
            if is_refusal(exc):
                reconnect()
                return
            self._is_shown = False
            discard_output()
            logger.warning("The progress is not shown any more: %s", exc)

    def _print_events(self) -> None:
        events = Event.objects.filter(run=self._run, pk__gt=self._last_event).select_related("task")
        for event in events:
            self._last_event = event.pk
            if event.event_type != EventType.TASK_CREATED:
                self._console.out(_line(event), highlight=False)


def _line(event: Event) -> str:
    """Return `02:15:07 dump: failed (exit code 1)`; what concerns no task is about the run."""
    kind, _, happened = event.event_type.replace("_", " ").partition(".")
    what = happened if kind in {"task", "workflow run"} else f"{kind} {happened}"
    why = event.payload.get("message") or event.reason
    line = f"{event.created_at:%H:%M:%S} {event.task or f'run {event.run_id}'}: {what}"
    return f"{line} ({why})" if why else line


def _render(run: WorkflowRun) -> RenderableType:
    total = sum(run.task_counts.values())
    done = run.success_count + run.broken_count
    counts = "  ".join(
        f"{MARKS[TaskState(state)][0]} {n} {state}" for state, n in run.task_counts.items() if n
    )
    heading = Text.assemble((f"{run.template_name}", "bold"), f"  run {run.pk} is {run.state}")
    foot = Table.grid(padding=(0, 2))
    foot.add_row(ProgressBar(total=max(total, 1), completed=done, width=60), Text(counts))
    return Group(heading, _table(run), foot)


def _table(run: WorkflowRun) -> Table:
    table = Table(box=None, padding=(0, 1), show_header=False)
    tasks = list(_visible_tasks(run))
    for task in tasks:
        mark, style = MARKS[TaskState(task.state)]
        table.add_row(Text(mark, style), Text(str(task), style), Text(task.title), _duration(task))
    if (more := sum(run.task_counts.values()) - len(tasks)) > 0:
        table.add_row("", Text(f"… and {more} more", "dim"), "", "")
    return table


def _visible_tasks(run: WorkflowRun) -> list[Task]:
    """Return all tasks of a small run; of a large one, some that are active or broken."""
    tasks = Task.objects.filter(run=run).order_by("position")
    if sum(run.task_counts.values()) <= MAX_ROWS:
        return list(tasks)
    active = tasks.filter(state__in=ACTIVE)
    broken = tasks.filter(state__in=BROKEN)
    return [*broken[: MAX_ROWS // 2], *active[: MAX_ROWS // 2]]


def _duration(task: Task) -> Text:
    if not task.started_at:
        return Text("")
    end = task.finished_at or timezone.now()
    return Text(f"{(end - task.started_at).total_seconds():.1f} s", "dim")
