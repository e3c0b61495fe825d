"""Task functions that the payloads of the benchmarks call."""

import time

from runners.functions import task_function


@task_function("benchmarks.fibo")
def fibo(n: int) -> list[float]:
    """Compute the n-th Fibonacci number recursively; return when that began and ended."""
    began = time.time()
    _fibo(n)
    return [began, time.time()]


@task_function("benchmarks.nap")
def nap(seconds: float) -> None:
    """Do nothing for some seconds."""
    time.sleep(seconds)


def _fibo(n: int) -> int:
    return n if n < 2 else _fibo(n - 1) + _fibo(n - 2)
