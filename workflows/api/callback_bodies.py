"""
Receives the bodies of callbacks, of which sixteen at once must not take the memory of a worker.

A body is first received, into a file if it is not small: a slow or hostile host holds a thread
meanwhile, and no memory. Then it is read and applied; those that are not small one after the other,
since each may take some 50 MB.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from tempfile import SpooledTemporaryFile
from threading import Lock
from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from rest_framework.exceptions import ParseError, UnsupportedMediaType
from rest_framework.request import Request

from runners.bodies import read_object
from runners.database import connection
from runners.http import is_reported
from workflows.api.parsers import NOT_JSON
from workflows.limits import CALLBACKS
from workflows.throttles import Throttled

CHUNK = 65_536
SMALL = 65_536
"""Bytes of a body that is kept in memory, and read beside others."""
RECEIVED_WITHIN_S = 60
LONGEST_WAIT_S = 20
ONE_AT_A_TIME = Lock()


@contextmanager
def received_callback(request: Request) -> Iterator[dict[str, Any]]:
    """
    Yield the object in the body of a callback; what is too large to be kept is cut or left out.

    :raises RequestDataTooBig: if the body is larger than callbacks may be.
    :raises UnsupportedMediaType: if it is not declared as JSON.
    :raises ParseError: if it is not a JSON object, or does not arrive in time.
    :raises Throttled: if too many others are being read.
    """
    media_type = request.content_type.partition(";")[0].strip().lower()
    if media_type not in {"", "application/json"}:
        raise UnsupportedMediaType(request.content_type)
    with SpooledTemporaryFile(SMALL) as file:
        size = _receive(request, file)
        with nullcontext() if size <= SMALL else _turn():
            file.seek(0)
            try:
                found = read_object(iter(partial(file.read, CHUNK), b""), is_reported)
            except ValueError as exc:
                raise ParseError(f"{NOT_JSON}: {exc}") from None
            try:
                yield found
            finally:
                # What refers to it may wait long for the next garbage collection.
                found.clear()


def _receive(request: Request, file: IO[bytes]) -> int:
    """Copy the body of a request into a file, and return its size."""
    # Django reads nothing of a body without a length; the server ends its stream where it ends.
    is_chunked = request.META.get("wsgi.input_terminated") and not request.META.get(
        "CONTENT_LENGTH"
    )
    stream = request.META["wsgi.input"] if is_chunked else request._request
    most, size = CALLBACKS.logged_in, 0
    give_up_at = time.monotonic() + RECEIVED_WITHIN_S
    try:
        while chunk := stream.read(CHUNK):
            size += file.write(chunk)
            if size > most:
                raise RequestDataTooBig
            if time.monotonic() > give_up_at:
                raise ParseError(f"The body did not arrive within {RECEIVED_WITHIN_S} s.")
    except OSError:
        raise ParseError("The body did not arrive.") from None
    return size


@contextmanager
def _turn() -> Iterator[None]:
    if not ONE_AT_A_TIME.acquire(timeout=LONGEST_WAIT_S):
        raise Throttled(LONGEST_WAIT_S)
    try:
        yield
    finally:
        # A connection to PostgreSQL keeps a buffer as large as the largest that it has sent.
        if not connection.in_atomic_block:
            connection.close()
        ONE_AT_A_TIME.release()
