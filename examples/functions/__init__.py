"""The functions of the examples, registered under the names that their payloads use."""

from examples.functions import backup, export, notify, release

__all__ = ["backup", "export", "notify", "release"]
