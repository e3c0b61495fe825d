"""A proxy before PostgreSQL, which can cut, refuse and swallow."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

CHUNK = 1 << 16


class Wire:
    """One client with its connection to the server."""

    def __init__(self, client: socket.socket, server: socket.socket, *, is_mute: bool) -> None:
        """Pass on what either side says."""
        self.ends = (client, server)
        self.is_mute = is_mute
        self.threads = [
            threading.Thread(target=self._pump, args=ends, daemon=True)
            for ends in (self.ends, self.ends[::-1])
        ]
        for thread in self.threads:
            thread.start()

    def cut(self) -> None:
        """End both connections."""
        for end in self.ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        with source:
            with suppress(OSError):
                while data := source.recv(CHUNK):
                    if not self.is_mute:
                        target.sendall(data)
            self.cut()


class Proxy:
    """Listens on a port of this machine, and connects to a socket of PostgreSQL."""

    def __init__(self, path: str) -> None:
        """Listen."""
        self._path = path
        self._wires: list[Wire] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.is_refusing = False
        self.is_mute = False
        self._all: list[Wire] = []
        self._acceptor = threading.Thread(target=self._accept, daemon=True)
        self._acceptor.start()

    def cut(self) -> None:
        """Cut all connections."""
        for wire in self._wires:
            wire.cut()
        self._wires = []

    def mute(self) -> None:
        """Swallow whatever is said on the present connections, forever."""
        for wire in self._wires:
            wire.is_mute = True

    def close(self) -> None:
        """End."""
        self._listener.shutdown(socket.SHUT_RDWR)  # ends the wait for clients
        self._listener.close()
        self.cut()
        for thread in [self._acceptor, *(each for wire in self._all for each in wire.threads)]:
            thread.join()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.is_refusing:
                    client.close()
                    continue
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._path)
                wire = Wire(client, server, is_mute=self.is_mute)
                self._wires.append(wire)
                self._all.append(wire)


@contextmanager
def proxy_to(path: str) -> Iterator[Proxy]:
    """Run a proxy during this block."""
    made = Proxy(path)
    try:
        yield made
    finally:
        made.close()
