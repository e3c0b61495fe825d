"""Set up a demo: migrate the database, create an administrator, import and run an example."""

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
    """Print the title of a step."""
    print(f"\n== {what}", flush=True)


def create_administrator() -> str:
    """Create a superuser unless it exists; return how to log in, for the end."""
    from django.contrib.auth.models import User

    if User.objects.filter(username=ADMINISTRATOR).exists():
        print(f"User '{ADMINISTRATOR}' exists; the password is unchanged.")
        forgotten = f".venv/bin/python manage.py changepassword {ADMINISTRATOR}"
        return f"with your password (forgotten? {forgotten})"
    password = secrets.token_urlsafe(9)
    User.objects.create_superuser(ADMINISTRATOR, password=password)
    print(f"User '{ADMINISTRATOR}' is created; the password stands at the end.")
    return f"with the password {password} (it is shown only now)"


def report_path() -> str:
    """Return the path of the report of the latest backup."""
    from workflows.models import TaskAttempt

    reports = TaskAttempt.objects.filter(task__step_id="report", task__run__template_name=WORKFLOW)
    result: Any = reports.latest("finished_at").result
    return str(result["path"])


def main() -> int:
    """Run the demo; the exit code is that of the workflow."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
    django.setup()
    from django.core.management import call_command

    step("Migrating the database")
    call_command("migrate", verbosity=0)
    step("Creating an administrator")
    how = create_administrator()
    step("Importing the examples")
    for file in sorted(EXAMPLES.glob("*.yaml")):
        call_command("import_workflow", str(file))
    step(f"Running the workflow '{WORKFLOW}'")
    code = subprocess.call([sys.executable, "manage.py", "run_workflow", WORKFLOW])
    step("Next steps")
    if code == 0:
        print(f"The report of the backup: {report_path()}")
    print(
        "The admin: `make serve`, then open http://127.0.0.1:8000/admin/ (another port: PORT=8001)"
    )
    print(f"           and log in as '{ADMINISTRATOR}' {how}")
    return code


if __name__ == "__main__":
    sys.exit(main())
