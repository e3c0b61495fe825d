"""Commands that are started in the background."""

from tests.management.conftest import started

__all__ = ["started"]
