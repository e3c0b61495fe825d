"""The site and the local runner together, until Ctrl-C or until one of them ends: serve [PORT]."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

LOOK_EVERY_S = 0.2
STOP_WITHIN_S = 70
"""A little longer than the local runner gives its attempts to finish."""

MANAGE = (sys.executable, "manage.py")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Together:
    """Programs that are started together and ended together."""

    def __init__(self) -> None:
        """Begin with none; from now on, Ctrl-C and SIGTERM ask all of them to end."""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._is_asked = False
        for number in SIGNALS:
            signal.signal(number, self.ask)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a program, in a session of its own: Ctrl-C reaches it through `ask` alone."""
        if self._is_asked:
            return
        print(f"Starting {name}", flush=True)
        self._processes[name] = subprocess.Popen(command, start_new_session=True)

    def ask(self, *_: object) -> None:
        """Ask every program to end; the second time, the local runner ends its attempts too."""
        self._is_asked = True
        for process in self._processes.values():
            process.terminate()

    def wait(self) -> int:
        """Wait until somebody asks, or until one of them ends by itself: then return 1."""
        while not self._is_asked:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    print(f"{name} has ended by itself, with {process.returncode}", flush=True)
                    return 1
            time.sleep(LOOK_EVERY_S)
        return 0

    def end(self) -> None:
        """End every program and all that it left behind: kindly, then for good."""
        if not self._is_asked:
            self.ask()
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_WITHIN_S)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def main(port: str = "8000") -> int:
    """Serve; the exit code is 0 after Ctrl-C."""
    address = f"127.0.0.1:{port}"
    print("Bringing the database up to date", flush=True)
    subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], check=True)
    together = Together()
    try:
        site = [sys.executable, "-m", "gunicorn", "orchestrator.wsgi", "--bind", address]
        together.start("The site", [*site, "--threads", "8", "--log-level", "warning"])
        together.start("The local runner", [*MANAGE, "local_runner"])
        print(f"Open http://{address}/admin/ (Ctrl-C stops both)", flush=True)
        return together.wait()
    finally:
        together.end()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
