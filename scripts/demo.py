"""From nothing to a finished run: the database, an administrator, the examples, one of them run."""

import os
import secrets
import subprocess
import sys
from pathlib import Path
from typing import Any

import django

EXAMPLES = Path("examples")
WORKFLOW = "backup"
ADMINISTRATOR = "admin"


def step(what: str) -> None:
    """Say what is being done."""
    print(f"\n== {what}", flush=True)


def make_administrator() -> None:
    """Make a user who may do everything, unless there is one; the password is shown this once."""
    from django.contrib.auth.models import User

    if User.objects.filter(username=ADMINISTRATOR).exists():
        print(f"User '{ADMINISTRATOR}' exists; the password is unchanged.")
        print(f"Forgotten? .venv/bin/python manage.py changepassword {ADMINISTRATOR}")
        return
    password = secrets.token_urlsafe(9)
    User.objects.create_superuser(ADMINISTRATOR, password=password)
    print(f"User '{ADMINISTRATOR}' has the password {password} (it is shown only now)")


def report_path() -> str:
    """Return where the latest backup wrote its report."""
    from workflows.models import TaskAttempt

    reports = TaskAttempt.objects.filter(task__step_id="report", task__run__template_name=WORKFLOW)
    result: Any = reports.latest("finished_at").result
    return str(result["path"])


def main() -> int:
    """Show the product at work; the exit code is that of the workflow."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    django.setup()
    from django.core.management import call_command

    step("Bringing the database up to date")
    call_command("migrate", verbosity=0)
    step("Making an administrator")
    make_administrator()
    step("Loading the examples")
    for file in sorted(EXAMPLES.glob("*.yaml")):
        call_command("import_workflow", str(file))
    step(f"Running the workflow '{WORKFLOW}'")
    code = subprocess.call([sys.executable, "manage.py", "run_workflow", WORKFLOW])
    if code == 0:
        step("Now yours")
        print(f"The report of the backup: {report_path()}")
        print(f"The admin: `make serve`, then log in as '{ADMINISTRATOR}' at")
        print("           http://127.0.0.1:8000/admin/")
    return code


if __name__ == "__main__":
    sys.exit(main())
