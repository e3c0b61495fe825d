"""
The program of a slot: executes one job after another until its executor closes the channel.

A job arrives with the write end of a pipe of its own. The slot answers with the key of the attempt
and its own process id, so that neither a forked child nor an earlier job can answer for it:

- `left`: the job has ended as described, but processes that it started are still there;
- `done`: it has ended and has left nothing; the slot can execute the next job;
- `spent`: it has ended, and has left something in the slot, which must be replaced;
- `no room`: nothing was started, since there are no processes, descriptors or memory to be had.
"""

import contextvars
import errno
import io
import json
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, NoReturn

from django.db import connections

from runners.django_tasks import DjangoAttempt, call_task
from runners.functions import call_function
from runners.jobs import ATTEMPT_ID, CommandJob, FunctionJob, Job, TaskJob, job_from
from runners.run_directories import VARIABLE, make_run_directory
from runners.slots.channel import Channel
from runners.slots.forked_slot import ENDING_SIGNALS
from runners.slots.outcome import CLOSED_ITS_CHANNEL, Outcome
from runners.slots.process_state import StateWatch
from runners.slots.process_tree import HAS_TREES, become_subreaper

DONE = "done"
LEFT = "left"
SPENT = "spent"
NO_ROOM = "no room"

LARGEST_RESULT = 1_000_000
"""Characters of a result's JSON; return the path of a file for more."""
CHILD_MAY_END_S = 0.02
"""How long to wait for a child of a function that is just ending."""
WAIT = 0
OUT_OF = {errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE}


class PipeWriter(io.FileIO):
    """A stream that cannot be rewound, whatever its descriptor is connected with at first."""

    def seekable(self) -> bool:
        """Return False: otherwise `reconfigure` asks a pipe for its position."""
        return False


class NoRoom(Exception):
    """There are no processes, descriptors or memory to be had."""


def serve_slot(channel: Channel) -> None:
    """Become a slot, and execute jobs until the executor closes the channel."""
    os.setsid()
    become_subreaper()
    _silence()
    sys.stdout, sys.stderr = _unbuffered(1), _unbuffered(2)
    _set_signals(_take_no_notice)
    with suppress(EOFError):
        SlotProcess(channel).serve()


class SlotProcess:
    """Executes jobs in this process, and answers for them."""

    def __init__(self, channel: Channel) -> None:
        """Keep the channel to the executor from all children of this process."""
        self._channel = channel
        self._pid = os.getpid()
        self._key = ""
        self._is_tidy = True
        os.register_at_fork(after_in_child=channel.close)
        self._watch = StateWatch(channel.fileno())

    def serve(self) -> None:
        """
        Execute jobs, one after the other.

        :raises EOFError: when the executor has closed the channel.
        """
        while True:
            self._key, job = self._channel.receive_one()
            descriptors = self._channel.take_descriptors()
            try:
                [output] = descriptors or _no_descriptor()
                self._execute(job_from(job), output)
            except NoRoom as exc:
                self._answer(NO_ROOM, Outcome(error=str(exc)))

    def _execute(self, job: Job, output: int) -> None:
        if directory := job.environment.get(VARIABLE):
            make_run_directory(directory)
        if isinstance(job, CommandJob):
            outcome = _run_command(job, output)
            has_children = _reap()
        else:
            outcome = self._run_function(job, output)
            has_children = _has_lasting_children()
        if has_children:
            self._answer(LEFT, outcome)
            _reap(WAIT)
        # A command, too, can change this process: `renice`, `prlimit` of its parent.
        is_clean = self._is_tidy and not self._watch.changes()
        self._answer(DONE if is_clean else SPENT, outcome)

    def _run_function(self, job: FunctionJob | TaskJob, output: int) -> Outcome:
        _redirect(output)
        os.close(output)
        _set_signals(signal.SIG_DFL)
        # In a context of its own: the language, the time zone and the like end with it.
        outcome = contextvars.copy_context().run(_call, job)
        if os.getpid() != self._pid:
            os._exit(0)  # the function has forked, and this is the child: it answers for nobody
        self._is_tidy = False
        with suppress(Exception):  # a function can make it impossible, by chroot for example
            _forget_connections()
            _silence()
            _set_signals(_take_no_notice)
            self._is_tidy = True
        return outcome

    def _answer(self, kind: str, outcome: Outcome) -> None:
        if os.getpid() != self._pid:
            os._exit(0)
        try:
            self._channel.send([self._key, self._pid, kind, outcome.as_json()])
        except OSError:
            # The executor is gone, or the function has closed the channel.
            os._exit(CLOSED_ITS_CHANNEL)


def _no_descriptor() -> NoReturn:
    raise NoRoom("there are too few file descriptors")


def _run_command(job: CommandJob, output: int) -> Outcome:
    try:
        process = subprocess.Popen(  # noqa: S603 (an argument list, no shell)
            job.arguments,
            cwd=job.cwd,
            env=job.environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0 if HAS_TREES else None,
        )
    except (OSError, ValueError) as exc:
        if isinstance(exc, OSError) and exc.errno in OUT_OF:
            raise NoRoom(str(exc)) from exc
        return Outcome(error=_why_not_started(job, exc))
    finally:
        os.close(output)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == process.pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return Outcome(exit_code=process.returncode)


def _why_not_started(job: CommandJob, exc: Exception) -> str:
    if isinstance(exc, PermissionError) and exc.filename == job.cwd:
        return f"cannot start: the runner's user may not enter the directory '{job.cwd}'"
    if not os.path.isdir(job.cwd):
        return f"cannot start: the working directory '{job.cwd}' does not exist"
    if isinstance(exc, FileNotFoundError):
        return f"cannot start: there is no command '{job.arguments[0]}'"
    return f"cannot start '{job.arguments[0]}': {exc}"


def _call(job: FunctionJob | TaskJob) -> Outcome:
    try:
        with _variables(job.environment):
            result = _result_of(job)
        text = json.dumps(result, allow_nan=False)
    except BaseException as exc:  # noqa: BLE001 (a function that raises SystemExit has failed, too)
        with suppress(Exception):  # the function may have closed the descriptor
            traceback.print_exc(file=_unbuffered(2))
        return Outcome(error=_text_of(exc))
    if len(text) > LARGEST_RESULT:
        return Outcome(error=f"the result is larger than {LARGEST_RESULT:,} characters of JSON")
    return Outcome(result=result)


def _result_of(job: FunctionJob | TaskJob) -> Any:
    if isinstance(job, FunctionJob):
        return call_function(job.name, job.kwargs)
    attempt = DjangoAttempt(job.environment.get(ATTEMPT_ID, ""), job.number)
    return call_task(job.path, job.args, job.kwargs, attempt)


@contextmanager
def _variables(values: dict[str, str]) -> Iterator[None]:
    os.environ.update(values)
    try:
        yield
    finally:
        for name in values:
            os.environ.pop(name, None)


def _forget_connections() -> None:
    """Let the next function begin with none: a transaction that was left open spoils the object."""
    for connection in connections.all(initialized_only=True):
        with suppress(Exception):
            connection.close()
        del connections[connection.alias]


def _text_of(exc: BaseException) -> str:
    with suppress(Exception):
        return f"{type(exc).__name__}: {exc}"
    return f"{type(exc).__name__}, which cannot be shown as a text"


def _reap(options: int = os.WNOHANG) -> bool:
    """Reap the children that have ended, or all if told to wait; return True if any is left."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, options)[0]:
            pass
        return True
    return False


def _has_lasting_children() -> bool:
    give_up_at = time.monotonic() + CHILD_MAY_END_S
    while is_left := _reap():
        if time.monotonic() > give_up_at:
            break
        time.sleep(CHILD_MAY_END_S / 10)
    return is_left


def _redirect(output: int) -> None:
    os.dup2(output, 1)
    os.dup2(output, 2)


def _silence() -> None:
    """Connect the standard streams with nothing."""
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    _redirect(nothing)
    if nothing > 2:  # else a function has closed one of the three
        os.close(nothing)


def _unbuffered(descriptor: int) -> io.TextIOWrapper:
    """Return a stream that writes at once: what two streams print stays in one order."""
    raw = PipeWriter(descriptor, "w", closefd=False)
    return io.TextIOWrapper(raw, "utf-8", "backslashreplace", write_through=True)


def _set_signals(handler: Any) -> None:
    for number in ENDING_SIGNALS:
        signal.signal(number, handler)


def _take_no_notice(*_: object) -> None:
    """
    Let a signal pass while no function runs: a service's stop must not end the slot.

    A handler, since commands would inherit that a signal is ignored.
    """
