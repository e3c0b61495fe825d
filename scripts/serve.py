"""Run the site and the local runner until Ctrl-C, or until one of them ends: serve [PORT]."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

POLL_S = 0.2
STOP_TIMEOUT_S = 70
"""A little longer than the grace period of the local runner."""

MANAGE = (sys.executable, "manage.py")
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProcessGroup:
    """Programs that are started and stopped together."""

    def __init__(self) -> None:
        """Begin without programs; from now on, Ctrl-C and SIGTERM stop all of them."""
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._is_stopping = False
        for number in SIGNALS:
            signal.signal(number, self.request_stop)

    def start(self, name: str, command: Sequence[str], **defaults: str) -> None:
        """
        Start a program in its own session: Ctrl-C reaches it only through `request_stop`.

        :param defaults: variables that it gets unless they are set.
        """
        if self._is_stopping:
            return
        print(f"Starting {name}", flush=True)
        environment = {**defaults, **os.environ}
        self._processes[name] = subprocess.Popen(command, env=environment, start_new_session=True)

    def request_stop(self, *_: object) -> None:
        """Ask every program to stop; the second time, the local runner also ends its attempts."""
        self._is_stopping = True
        for process in self._processes.values():
            process.terminate()

    def wait(self) -> int:
        """Wait for a request to stop; return 1 if a program ends by itself first."""
        while not self._is_stopping:
            for name, process in self._processes.items():
                if process.poll() is not None:
                    code = process.returncode
                    print(f"{name} has ended by itself with exit code {code}", flush=True)
                    return 1
            time.sleep(POLL_S)
        return 0

    def end(self) -> None:
        """Stop every program; after a timeout, kill it and its children."""
        if not self._is_stopping:
            self.request_stop()
        for process in self._processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(STOP_TIMEOUT_S)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def why_not(port: str) -> str:
    """Return why the site cannot use a port of this machine, and the remedy; '' if it can."""
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65_536):
        return f"PORT={port} is no port: choose a number from 1 to 65535."
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the site does
        try:
            probe.bind(("127.0.0.1", int(port)))
            probe.listen()
        except OSError as exc:
            return (
                f"Port {port} cannot be used ({exc.strerror}); choose another: make serve PORT=8001"
            )
    return ""


def main(port: str = "8000") -> int:
    """Run both programs; the exit code is 0 after Ctrl-C, 1 after what a program has printed."""
    if problem := why_not(port):
        print(problem, file=sys.stderr)
        return 1
    address = f"127.0.0.1:{port}"
    print("Migrating the database", flush=True)
    if subprocess.run([*MANAGE, "migrate", "--verbosity", "0"], check=False).returncode:
        return 1
    processes = ProcessGroup()
    try:
        site = [sys.executable, "-m", "gunicorn", "--bind", address, "--log-level", "warning"]
        processes.start("The site", site, LOG_LEVEL="warning")  # without a line for each request
        processes.start("The local runner", [*MANAGE, "local_runner", "--reload"])
        print(f"Open http://{address}/admin/ (Ctrl-C stops both)", flush=True)
        return processes.wait()
    finally:
        processes.end()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
