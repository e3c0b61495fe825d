"""Fixtures of the tests of payloads: some execute for real."""

from tests.execution.conftest import execution

__all__ = ["execution"]
