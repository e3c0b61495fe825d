"""The functions of the examples, registered under the names that their payloads use."""

from examples.functions import backup, release

__all__ = ["backup", "release"]
