"""
Slots: the child processes in which an executor executes jobs. Nothing else here starts a process.

A slot executes one job after another, in a session of its own. It starts a command in a new process
group, and calls a registered function itself. Output arrives through one pipe, the outcome of the
job through another. When the executor dies, even by kill -9, the slot sees its pipe close and kills
its job.
"""

import contextlib
import json
import os
import queue
import signal
import subprocess
import threading
import traceback
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Any

import django
from django.db import connections

from runners.base import storable
from runners.functions import call_function, load_functions
from runners.jobs import CommandJob, FunctionJob, Job

LARGEST_RESULT = 1_000_000
"""Characters of a result's JSON; return the path of a file for more."""

LONGEST_DEATH_S = 5
"""How long to wait for a slot that has closed its pipe."""


class Outcome:
    """How a job ended: a command with an exit code, a function with a result or an error."""

    def __init__(
        self,
        *,
        exit_code: int | None = None,
        result: Any = None,
        error: str = "",
        is_dead: bool = False,
    ) -> None:
        """Describe the end; `is_dead` if the slot ended too."""
        self.exit_code = exit_code
        self.result = result
        self.error = storable(error)
        self.is_dead = is_dead

    @property
    def failure(self) -> str:
        """Why the job failed, in one sentence; empty if it succeeded."""
        if self.error:
            return self.error
        if self.is_dead and not (self.exit_code or 0) < 0:
            return f"the process ended itself with exit code {self.exit_code}"
        if self.exit_code and self.exit_code < 0:
            return f"killed by {signal.Signals(-self.exit_code).name}"
        return f"exit code {self.exit_code}" if self.exit_code else ""


class Slot:
    """The executor's handle on one slot."""

    def __init__(self) -> None:
        """Start the child process."""
        # Forked from a server that has loaded Django but opened nothing: this is quick, and the
        # slot does not inherit the executor's database connections.
        context = get_context("forkserver")
        context.set_forkserver_preload(["runners.preload"])
        self.control, control = context.Pipe()
        self.output, output = context.Pipe(duplex=False)
        self._process = context.Process(target=_serve, args=(control, output))
        self._process.start()
        control.close()
        output.close()
        os.set_blocking(self.output.fileno(), False)
        self._group: int | None = None
        self._signal: signal.Signals | None = None

    @property
    def is_alive(self) -> bool:
        """Whether the child process can accept a job."""
        return self._process.is_alive()

    def begin(self, job: Job) -> None:
        """Start a job; `control` becomes readable when it has ended."""
        self._group = self._signal = None
        with contextlib.suppress(OSError):  # a dead slot is noticed at `control`
            self.control.send(job)

    def read_output(self) -> bytes:
        """Return output since the last call, at most 256 kB; never blocks."""
        try:
            return os.read(self.output.fileno(), 1 << 18)
        except BlockingIOError:
            return b""

    def outcome(self) -> Outcome | None:
        """Read `control`, which must be readable: return how the job ended, None if it has not."""
        try:
            received: int | Outcome = self.control.recv()
        except (EOFError, OSError):
            self._process.join(LONGEST_DEATH_S)
            return Outcome(exit_code=self._process.exitcode, is_dead=True)
        if isinstance(received, int):
            self._group = received
            if self._signal:
                self._send(self._signal)
            return None
        return received

    def end(self, signal_number: signal.Signals) -> None:
        """Send a signal to every process of the job."""
        self._signal = signal_number
        self._send(signal_number)

    def close(self) -> None:
        """Kill the slot and its job."""
        self._send(signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self.control.close()
        self.output.close()

    def _send(self, signal_number: signal.Signals) -> None:
        # A function runs in the slot itself, which leads a process group of its own.
        group = self._group or self._process.pid
        if group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal_number)


def _serve(control: Connection, output: Connection) -> None:
    """Run in the child process: execute jobs until the executor closes the pipe."""
    _become_slot(output)
    jobs: queue.SimpleQueue[Job] = queue.SimpleQueue()
    current: list[int] = []
    threading.Thread(target=_receive, args=(control, jobs, current), daemon=True).start()
    while True:
        outcome = _execute(jobs.get(), control, current)
        control.send(outcome)


def _become_slot(output: Connection) -> None:
    os.setsid()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (output.fileno(), 1), (output.fileno(), 2)):
        os.dup2(source, target)
    os.close(nothing)
    output.close()
    django.setup()
    load_functions()


def _receive(control: Connection, jobs: "queue.SimpleQueue[Job]", current: list[int]) -> None:
    with contextlib.suppress(EOFError, OSError):
        while True:
            jobs.put(control.recv())
    # The executor is gone, so the end of this job would not be reported: kill it, and the slot.
    for group in [*current, os.getpid()]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def _execute(job: Job, control: Connection, current: list[int]) -> Outcome:
    if isinstance(job, CommandJob):
        return _run_command(job, control, current)
    return _run_function(job)


def _run_command(job: CommandJob, control: Connection, current: list[int]) -> Outcome:
    try:
        process = subprocess.Popen(  # noqa: S603 (an argument list, no shell)
            job.arguments,
            cwd=job.cwd,
            env=job.environment,
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
    except (OSError, ValueError) as exc:
        return Outcome(error=_why_not_started(job, exc))
    current.append(process.pid)
    control.send(process.pid)
    exit_code = process.wait()
    # Kill what the command left running in its process group.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    current.clear()
    return Outcome(exit_code=exit_code)


def _why_not_started(job: CommandJob, exc: Exception) -> str:
    if not os.path.isdir(job.cwd):
        return f"cannot start: the working directory '{job.cwd}' does not exist"
    if isinstance(exc, FileNotFoundError):
        return f"cannot start: there is no command '{job.arguments[0]}'"
    return f"cannot start '{job.arguments[0]}': {exc}"


def _run_function(job: FunctionJob) -> Outcome:
    try:
        result = call_function(job.name, job.kwargs)
        text = json.dumps(result, allow_nan=False)
    except BaseException as exc:  # noqa: BLE001 (a function that raises SystemExit has failed, too)
        traceback.print_exc()
        return Outcome(error=f"{type(exc).__name__}: {exc}")
    finally:
        connections.close_all()
        print(end="", flush=True)  # noqa: T201 (flushes what the function printed into its log)
    if len(text) > LARGEST_RESULT:
        return Outcome(error=f"the result is larger than {LARGEST_RESULT:,} characters of JSON")
    return Outcome(result=json.loads(text))
