"""What this app adds to the admin of workflows."""

from workflows.admin.extensions import Extension

EXTENSION = Extension(pages={})
