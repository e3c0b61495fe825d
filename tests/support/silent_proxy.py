"""A connection to PostgreSQL that can fall silent: what is sent is accepted, and never answered."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import parse_qs, urlsplit


class SilentProxy:
    """Passes on what clients and the server say to each other, unless it is told to be silent."""

    def __init__(self, server_url: str) -> None:
        """Listen at a free port of this machine."""
        self._server = urlsplit(server_url)
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._passes = threading.Event()
        self._passes.set()
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def url(self) -> str:
        """Return the URL of the database, as it is reached through the proxy."""
        host = f"{self._server.username}@127.0.0.1:{self.port}"
        return f"postgresql://{host}{self._server.path}?sslmode=disable"

    def be_silent(self) -> None:
        """Pass on nothing more."""
        self._passes.clear()

    def speak(self) -> None:
        """Pass everything on again."""
        self._passes.set()

    def close(self) -> None:
        """Accept nobody else."""
        self._passes.set()
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                server = self._connect()
                for ends in ((client, server), (server, client)):
                    threading.Thread(target=self._pass_on, args=ends, daemon=True).start()

    def _connect(self) -> socket.socket:
        [directory] = parse_qs(self._server.query).get("host", [""])
        if not directory:
            return socket.create_connection(
                (self._server.hostname or "", self._server.port or 5432)
            )
        server = socket.socket(socket.AF_UNIX)
        server.connect(f"{directory}/.s.PGSQL.5432")
        return server

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError), source, target:
            while said := source.recv(65_536):
                self._passes.wait()
                target.sendall(said)


@contextmanager
def silent_proxy(server_url: str) -> Iterator[SilentProxy]:
    """Run a proxy in front of a server until the block ends."""
    proxy = SilentProxy(server_url)
    yield proxy
    proxy.close()
