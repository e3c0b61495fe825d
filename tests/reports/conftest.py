"""Fixtures of the tests of reports: some execute for real, some have a host."""

from tests.execution.conftest import execution
from tests.runners.http.conftest import callback, host

__all__ = ["callback", "execution", "host"]
