"""A peer's program, started in a process of its own and asked over its input and output."""

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
from benchmarks.peers.protocol import Work
from tests.support.redis import free_port

START_WITHIN_S = 180
END_WITHIN_S = 5


class Failed(Exception):
    """The peer did not do it; says why."""


class Peer:
    """`with Peer(…) as peer:` a program that executes works."""

    def __init__(self, module: str, python: Path, **environment: str) -> None:
        """Describe how it is started: a module of this project, and an interpreter to run it."""
        self._command = [str(python), "-m", module]
        self._environment = {
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(ROOT),
            "LANG": "C.UTF-8",
            "PEER_PORT": str(free_port()),
            **environment,
        }
        self._is_late = False

    def __enter__(self) -> Self:
        """
        Start it, in a directory of its own.

        :raises Failed: if it does not get ready.
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
                # It starts others; all of them end together.
                start_new_session=True,
            )
        try:
            self._answer(START_WITHIN_S)
        except Failed:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """End it with all that it has started."""
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

    def time(self, work: Work, *, within_s: float) -> float:
        """
        Have a work executed; return the seconds it took.

        :raises Failed: saying why it was not.
        """
        assert self._process.stdin  # noqa: S101 (it is a pipe)
        if self._is_late:
            raise Failed("not asked: late with another")
        try:
            self._process.stdin.write(json.dumps(asdict(work)).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            raise Failed(self._last_words()) from None
        answer = self._answer(within_s)
        if "seconds" not in answer:
            raise Failed(answer["note"])
        return float(answer["seconds"])

    def _answer(self, within_s: float) -> dict[str, Any]:
        assert self._process.stdout  # noqa: S101 (it is a pipe)
        if not select.select([self._process.stdout], [], [], within_s)[0]:
            # Its answer may still come, and would be taken for that to the next question.
            self._is_late = True
            raise Failed(f"not within {within_s:.0f} s")
        line = self._process.stdout.readline()
        if not line:
            raise Failed(self._last_words())
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").strip().splitlines()
        return f"ended: {lines[-1]}" if lines else "ended without a word"
