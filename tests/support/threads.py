"""Several calls at the same moment."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import connections

Result = TypeVar("Result")


def at_once(calls: Sequence[Callable[[], Result]]) -> list[Result | Exception]:
    """Make all calls at the same moment, each on its own connection; return what came of each."""
    barrier = threading.Barrier(len(calls), timeout=30)

    def make(call: Callable[[], Result]) -> Result | Exception:
        try:
            barrier.wait()
            return call()
        except Exception as exc:  # noqa: BLE001 (what came of the call is what the test asserts)
            return exc
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(make, calls))
