"""
Ends a call of a host in time, whatever the host sends meanwhile.

The time limits of httpx are for each step: a host that sends one byte of its answer every few
seconds, or of its TLS handshake, keeps the caller for as long as it likes.
"""

import os
import socket
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, Self


class Deadline:
    """Cuts the connection of one call when its time is over; a context manager."""

    def __init__(self, seconds: float) -> None:
        """Begin to count when the block begins."""
        self.is_over = False
        self._lock = threading.Lock()
        self._wire: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True

    def __enter__(self) -> Self:
        """Start the clock."""
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop it: what is cut afterwards could be another connection."""
        self._timer.cancel()
        with self._lock:
            if self._wire:
                self._wire.close()
            self._wire = None

    def trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Note the connection; the `trace` of a request of httpx."""
        if event == "connection.connect_tcp.complete":
            # A descriptor of its own: TLS detaches the one of this socket.
            connected = info["return_value"].get_extra_info("socket")
            with self._lock:
                self._wire = socket.socket(fileno=os.dup(connected.fileno()))
            if self.is_over:
                self._cut()

    def _cut(self) -> None:
        self.is_over = True
        with self._lock, suppress(OSError):  # the host has closed it
            if self._wire:
                self._wire.shutdown(socket.SHUT_RDWR)
