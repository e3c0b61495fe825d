"""JSON messages over a stream socket, if wanted together with open file descriptors."""

import json
import os
import select
import socket
import struct
from typing import Any

HEADER = struct.Struct("!I")
MAX_DESCRIPTORS = 2
SEND_WITHIN_S = 5.0
"""A receiver that takes nothing for so long is dead or stands still."""


class Channel:
    """One end of a socket pair; the peer's end is in another process."""

    def __init__(self, end: socket.socket) -> None:
        """Use this end, which is closed with the channel."""
        self._socket = end
        self._received = bytearray()
        self.descriptors: list[int] = []
        """Descriptors that have arrived; whoever takes them closes them."""

    @classmethod
    def of(cls, descriptor: int) -> "Channel":
        """Use an inherited or received descriptor."""
        os.set_inheritable(descriptor, False)
        return cls(socket.socket(fileno=descriptor))

    @classmethod
    def pair(cls) -> tuple["Channel", socket.socket]:
        """Return a channel and the end for the other process."""
        own, other = socket.socketpair()
        own.settimeout(SEND_WITHIN_S)
        return cls(own), other

    def set_timeout(self, seconds: float) -> None:
        """Limit how long each call may wait for the peer."""
        self._socket.settimeout(seconds)

    def fileno(self) -> int:
        """Return the descriptor, so that a selector can wait for the channel."""
        return self._socket.fileno()

    def send(self, message: Any, descriptors: tuple[int, ...] = ()) -> None:
        """
        Send a message.

        :raises OSError: if the peer has closed its end, or takes nothing for five seconds.
        """
        content = json.dumps(message).encode()
        data = HEADER.pack(len(content)) + content
        sent = socket.send_fds(self._socket, [data], descriptors) if descriptors else 0
        if sent < len(data):
            self._socket.sendall(data[sent:])

    def has_more(self) -> bool:
        """Return True if a read would not wait: something has arrived, or the peer is gone."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return bool(poll.poll(0))

    def receive(self) -> list[Any]:
        """
        Return the messages that are complete now, after one read; call it when it is readable.

        :raises EOFError: if the peer has closed its end.
        """
        try:
            data, descriptors, _, _ = socket.recv_fds(self._socket, 1 << 18, MAX_DESCRIPTORS)
        except ConnectionError as exc:
            raise EOFError from exc
        for descriptor in descriptors:
            os.set_inheritable(descriptor, False)
        self.descriptors += descriptors
        if not data:
            raise EOFError
        self._received += data
        return self._complete()

    def receive_one(self) -> Any:
        """
        Wait for the next message and return it; the peer sends no other before it has an answer.

        :raises EOFError: if the peer has closed its end.
        """
        while True:
            for message in self.receive():
                return message

    def take_descriptors(self) -> list[int]:
        """Return the descriptors that have arrived; they are the caller's from now on."""
        taken, self.descriptors = self.descriptors, []
        return taken

    def close(self) -> None:
        """Close this end; the peer is told."""
        self._socket.close()

    def _complete(self) -> list[Any]:
        messages = []
        while len(self._received) >= HEADER.size:
            end = HEADER.size + HEADER.unpack_from(self._received)[0]
            if len(self._received) < end:
                break
            messages.append(json.loads(self._received[HEADER.size : end]))
            del self._received[:end]
        return messages
