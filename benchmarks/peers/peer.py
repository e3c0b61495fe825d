"""Starts a peer's program and talks to it over its standard input and output."""

import json
import os
import select
import signal
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from benchmarks.peers.environment import ROOT
from benchmarks.peers.protocol import Workload
from tests.support.redis import free_port

START_WITHIN_S = 180
END_WITHIN_S = 5


class PeerFailed(Exception):
    """The peer did not execute the workload; the message says why."""


class Peer:
    """A program that executes workloads, running inside `with Peer(…) as peer:`."""

    def __init__(self, module: str, python: Path, **environment: str) -> None:
        """Name the module of this project and the interpreter that runs it."""
        self._command = [str(python), "-m", module]
        self._environment = {
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "PEER_PORT": str(free_port()),
            **environment,
        }
        self._timed_out = False

    def __enter__(self) -> Self:
        """
        Start the program in a temporary directory.

        :raises PeerFailed: if it does not become ready.
        """
        self._home = tempfile.TemporaryDirectory(prefix="peer-", ignore_cleanup_errors=True)
        home = Path(self._home.name)
        self._log = home / "log"
        with self._log.open("w") as log:
            self._process = subprocess.Popen(
                self._command,
                env={**self._environment, "HOME": str(home)},
                cwd=home,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                # It starts other processes; the group is killed together.
                start_new_session=True,
            )
        try:
            self._answer(START_WITHIN_S)
        except PeerFailed:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End the program and every process that it started."""
        assert self._process.stdin and self._process.stdout  # noqa: S101, PT018 (pipes)
        with suppress(BrokenPipeError):
            self._process.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(END_WITHIN_S)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()
        self._home.cleanup()

    def time(self, work: Workload, *, within_s: float) -> float:
        """
        Have a workload executed; return the seconds it took.

        :raises PeerFailed: if it was not executed.
        """
        assert self._process.stdin  # noqa: S101 (it is a pipe)
        if self._timed_out:
            raise PeerFailed("not asked: an earlier workload timed out")
        try:
            self._process.stdin.write(json.dumps(asdict(work)).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise PeerFailed(self._last_log_line()) from None
        answer = self._answer(within_s)
        if "seconds" not in answer:
            raise PeerFailed(answer["note"])
        return float(answer["seconds"])

    def _answer(self, within_s: float) -> dict[str, Any]:
        assert self._process.stdout  # noqa: S101 (it is a pipe)
        if not select.select([self._process.stdout], [], [], within_s)[0]:
            # A late answer would be taken for the answer to the next workload.
            self._timed_out = True
            raise PeerFailed(f"not within {within_s:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise PeerFailed(self._last_log_line())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_log_line(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return f"ended: {lines[-1]}" if lines else "ended without output"
