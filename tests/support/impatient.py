"""
`manage.py`, which waits for a silent database for three seconds instead of a minute.

    python -m tests.support.impatient local_runner
"""

import os
import sys

import django
from django.core.management import execute_from_command_line

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
django.setup()

from workflows.db import silence  # noqa: E402 (needs the apps)
from workflows.execution import keeper  # noqa: E402

if __name__ == "__main__":
    silence.SILENT_AFTER_S = keeper.ANSWER_WITHIN_S = 3.0
    execute_from_command_line(["manage.py", *sys.argv[1:]])
