"""Workflow templates, their runs and their tasks."""

__version__ = "0.2.0.dev0"
"""The version of the product; the topmost one of CHANGELOG.md."""
