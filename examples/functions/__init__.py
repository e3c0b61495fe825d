"""The functions of the examples, registered under the names that their payloads use."""

from examples.functions import audit, backup, export, notify, release

__all__ = ["audit", "backup", "export", "notify", "release"]
