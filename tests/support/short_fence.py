"""
`manage.py`, with a fence of two seconds.

    python -m tests.support.short_fence local_runner
"""

import os
import sys

import django
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from workflows.execution import keeper  # noqa: E402 (needs the apps)

FENCE_S = 2.0

if __name__ == "__main__":
    keeper.FENCE_AFTER_S = FENCE_S
    execute_from_command_line(["manage.py", *sys.argv[1:]])
