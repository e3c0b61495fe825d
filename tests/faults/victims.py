"""
Processes that do one thing each, and are killed at a failpoint if their order names one.

    python -m tests.faults.victims

reads lines, each a list of orders in JSON; forks a process for every order, all at once; and
answers with the list of their exit codes once all have ended.
"""

import json
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from multiprocessing import forkserver, get_context
from typing import Any, NoReturn
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from runners.base import RunnerReport  # noqa: E402 (needs the apps)
from runners.tls import tls_context  # noqa: E402
from tests.support.actors import who  # noqa: E402
from workflows import operations  # noqa: E402
from workflows.db import failpoints  # noqa: E402
from workflows.dispatch.tokens import token_of  # noqa: E402
from workflows.execution.executor import Executor  # noqa: E402
from workflows.models import TaskAttempt, WorkflowRun  # noqa: E402
from workflows.operations.dispatch_ready import dispatch_ready  # noqa: E402
from workflows.operations.start import begin_if_created, start_run  # noqa: E402
from workflows.reports import recovery  # noqa: E402
from workflows.reports.apply import apply_report  # noqa: E402
from workflows.reports.recovery import recover_overdue  # noqa: E402
from workflows.reports.report import Report  # noqa: E402
from workflows.reports.runner_reports import (  # noqa: E402
    apply_runner_report,
    attempt_with_token,
)
from workflows.retention.logs import remove_some_logs  # noqa: E402
from workflows.retention.removal import mark_removed  # noqa: E402
from workflows.retention.rows import delete_some_rows  # noqa: E402
from workflows.retention.secrets import remove_some_secrets  # noqa: E402
from workflows.runs.creation import create_run  # noqa: E402

recovery.GRACE_S = 0  # nobody renews what is left behind
KILLED = 99
BY = who("victim")


def create(template_id: int) -> None:
    """Start a run."""
    start_run(template_id=template_id, auto_dispatch=True, by=BY)


def begin(template_id: int) -> None:
    """Start a run as the site does, which submits in a thread."""
    start_run(template_id=template_id, auto_dispatch=True, by=BY, in_background=True)
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join()


def adopt(task_id: int) -> None:
    """Create a run of one existing task."""
    create_run(task_ids=[task_id], by=BY)


def dispatch(run_id: int) -> None:
    """Dispatch all that is ready."""
    dispatch_ready(run_id, limit=None, by=BY)


def execute(run_id: int) -> None:
    """Execute the local attempts."""
    mine = TaskAttempt.objects.open().filter(task__run=run_id, runner_kind="local")
    executor = Executor(concurrency=2, by=BY, run_id=run_id)
    executor.serve(lambda: mine.exists())


def perform(run_id: int) -> None:
    """Begin a run as `run_workflow` does, and execute its local attempts."""
    executor = Executor(concurrency=2, by=BY, run_id=run_id)
    begin_if_created(run_id, by=BY, request=executor.first_claim())
    executor.serve(lambda: not executor.is_idle)


def _report_on_host(run_id: int, *statuses: str) -> None:
    elsewhere = TaskAttempt.objects.open().filter(task__run=run_id, runner_kind="http")
    for attempt in elsewhere.order_by("dispatched_at"):
        for status in statuses:
            found = attempt_with_token(attempt.task_id, token_of(attempt.pk), address="127.0.0.1")
            apply_runner_report(found, RunnerReport(status, output="said\n"))


def succeed(run_id: int) -> None:
    """Apply reports of success for all attempts on the host."""
    _report_on_host(run_id, "running", "success")


def fail(run_id: int) -> None:
    """Apply reports of failure for all attempts on the host."""
    _report_on_host(run_id, "failed")


def remove(run_id: int) -> None:
    """Remove the secrets of an ended run, its logs, and the run."""
    runs = WorkflowRun.objects.filter(pk=run_id)
    remove_some_secrets(runs.filter(secrets_removed_at=None), by=BY, reason="too old")
    remove_some_logs(runs.filter(logs_removed_at=None), by=BY, reason="too old")
    mark_removed(runs, by=BY, reason="too old")
    while delete_some_rows() is not None:
        pass


def abort(run_id: int) -> None:
    """Abort a run."""
    operations.abort(run_id, by=BY)


def cancel(run_id: int) -> None:
    """Cancel every task of a run that is active or waits, one by one."""
    run = WorkflowRun.objects.get(pk=run_id)
    for task in run.tasks.filter(state__in=["pending", "dispatched", "running"]):
        operations.cancel(task.pk, by=BY)


def ask(run_id: int) -> None:
    """Ask the host about each of its tasks."""
    elsewhere = TaskAttempt.objects.open().filter(task__run=run_id, runner_kind="http")
    for attempt in elsewhere:
        operations.ask(attempt.task_id, by=BY)


def settle(run_id: int) -> None:
    """Recover expired attempts."""
    recover_overdue(run_id=run_id, by=BY)


def work_off(run_id: int) -> None:
    """Dispatch and finish one task after the other, beside other processes, until none is left."""
    while WorkflowRun.objects.get(pk=run_id).state != "success":
        for sent in dispatch_ready(run_id, by=who(f"process {os.getpid()}")).dispatches:
            apply_report(Report(UUID(sent.attempt_id), "success"), by=BY)


ACTS: dict[str, Callable[[int], None]] = {
    act.__name__: act
    for act in (
        create,
        begin,
        adopt,
        dispatch,
        execute,
        perform,
        succeed,
        fail,
        abort,
        cancel,
        ask,
        settle,
        work_off,
        remove,
    )
}


def _set_trap(point: str, nth: int) -> None:
    """End this process when it reaches a point for the nth time, as kill -9 would."""
    passed = 0

    def trap(name: str) -> None:
        nonlocal passed
        passed += name == point
        if passed == nth:
            os._exit(KILLED)

    failpoints.trap = trap


def _be_victim(order: dict[str, Any]) -> NoReturn:
    # The server that slots are forked from is there already. It is no child of this process,
    # which therefore cannot check it.
    forkserver._forkserver.ensure_running = lambda: None  # type: ignore[method-assign]
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    if order.get("point"):
        _set_trap(order["point"], order.get("nth", 1))
    try:
        ACTS[order["act"]](order["on"])
    except BaseException:  # noqa: BLE001 (a forked process must never return)
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def _fork(order: dict[str, Any]) -> int:
    return os.fork() or _be_victim(order)


def main() -> None:
    """Serve until there are no more lines."""
    get_context("forkserver").set_forkserver_preload(["runners.preload"])
    forkserver.ensure_running()
    tls_context({})  # read once, not by every victim
    for line in sys.stdin:
        pids = [_fork(order) for order in json.loads(line)]
        codes = [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids]
        print(json.dumps(codes), flush=True)  # noqa: T201 (a program's answer)


if __name__ == "__main__":
    main()
