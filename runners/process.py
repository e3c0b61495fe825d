"""
The one place that executes something: a process of its own for each job at work.

A slot is a child process that takes one job after another, in its own session. It runs a command
in a process group of the command's own, or calls a registered function itself. What is printed
comes back through a pipe, what became of the job through another. When the executor dies, even by
kill -9, the slot sees its pipe close and takes its job with it.
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
"""Characters of a result's JSON; more belongs in a file whose path is the result."""

LONGEST_DEATH_S = 5


class Outcome:
    """How a job ended."""

    def __init__(
        self,
        *,
        exit_code: int | None = None,
        result: Any = None,
        error: str = "",
        is_dead: bool = False,
    ) -> None:
        """Describe the end: a command has an exit code, a function a result or an error."""
        self.exit_code = exit_code
        self.result = result
        self.error = storable(error)
        self.is_dead = is_dead

    @property
    def failure(self) -> str:
        """Say in one sentence why this is no success; empty if it is one."""
        if self.error:
            return self.error
        if self.is_dead and not (self.exit_code or 0) < 0:
            return f"the process ended itself with exit code {self.exit_code}"
        if self.exit_code and self.exit_code < 0:
            return f"killed by {signal.Signals(-self.exit_code).name}"
        return f"exit code {self.exit_code}" if self.exit_code else ""


class Slot:
    """The executor's end of a slot."""

    def __init__(self) -> None:
        """Start the child process."""
        # A fork of a server that has loaded Django but opened nothing: quick, and clean of the
        # executor's database connections.
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
        """Whether the child process is there to take a job."""
        return self._process.is_alive()

    def begin(self, job: Job) -> None:
        """Hand over a job; its end arrives at `control`."""
        self._group = self._signal = None
        with contextlib.suppress(OSError):  # a slot that died says so at `control`
            self.control.send(job)

    def read_output(self) -> bytes:
        """Return what was printed since the last call, at most a piece of it; never waits."""
        try:
            return os.read(self.output.fileno(), 1 << 18)
        except BlockingIOError:
            return b""

    def outcome(self) -> Outcome | None:
        """Return how the job ended, once `control` has something to say; None: it goes on."""
        try:
            said: int | Outcome = self.control.recv()
        except (EOFError, OSError):
            self._process.join(LONGEST_DEATH_S)
            return Outcome(exit_code=self._process.exitcode, is_dead=True)
        if isinstance(said, int):
            self._group = said
            if self._signal:
                self._send(self._signal)
            return None
        return said

    def end(self, signal_number: signal.Signals) -> None:
        """Send a signal to every process of the job."""
        self._signal = signal_number
        self._send(signal_number)

    def close(self) -> None:
        """End the slot and whatever it does."""
        self._send(signal.SIGKILL)
        self._process.kill()
        self._process.join()
        self.control.close()
        self.output.close()

    def _send(self, signal_number: signal.Signals) -> None:
        # A function runs in the slot itself, whose session is its process group.
        group = self._group or self._process.pid
        if group:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(group, signal_number)


def _serve(control: Connection, output: Connection) -> None:
    """Be a slot: take jobs until the executor closes the pipe."""
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
    # The executor is gone: nobody would hear of the end of this job, so it ends here.
    for group in [*current, os.getpid()]:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


def _execute(job: Job, control: Connection, current: list[int]) -> Outcome:
    if isinstance(job, CommandJob):
        return _run_command(job, control, current)
    return _call(job)


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
    # What the command left behind in its group has nobody left to report to.
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


def _call(job: FunctionJob) -> Outcome:
    try:
        result = call_function(job.name, job.kwargs)
        text = json.dumps(result, allow_nan=False)
    except BaseException as exc:  # noqa: BLE001 (SystemExit of a function is its failure too)
        traceback.print_exc()
        return Outcome(error=f"{type(exc).__name__}: {exc}")
    finally:
        connections.close_all()
        print(end="", flush=True)  # noqa: T201 (what the function printed goes to its log now)
    if len(text) > LARGEST_RESULT:
        return Outcome(error=f"the result is larger than {LARGEST_RESULT:,} characters of JSON")
    return Outcome(result=json.loads(text))
