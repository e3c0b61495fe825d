"""The pictures of the documentation: a throw-away installation, seen through a browser."""

import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import django
from playwright.sync_api import Page, sync_playwright

if TYPE_CHECKING:
    from workflows.models.actor import Actor


PICTURES = Path("docs/pictures")
WORKFLOWS = (Path("docs/pictures/release.yaml"), Path("docs/pictures/export.yaml"))
BROWSER = os.environ.get("CHROMIUM", "/usr/bin/chromium")
FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run"
)
WIDTH, LOWEST, TALLEST = 1440, 640, 1180
LARGEST = 300_000
DRAWN_AFTER_MS = 800
LONGEST_WAIT_S = 30
ADMINISTRATOR = "ada"
EXPORTS = ((3, 0), (2, 0), (4, 1), (3, 0), (1, 0), (2, 0), (5, 2), (3, 0), (2, 0), (4, 0), (3, 1))
"""How many ended on the days before, and how many of them badly."""
LOG = """\
tests/test_orders.py::test_a_refund_is_booked_once FAILED
E   django.db.utils.OperationalError: connection to server at "db.test" (10.0.3.7) failed:
E   Connection refused
1 failed, 412 passed in 96.31s
"""


def prepare(directory: Path) -> None:
    """Point this process, and those that it starts, to an installation in a directory."""
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "orchestrator.settings",
        "DATABASE_URL": f"sqlite:///{directory / 'db.sqlite3'}",
        "SECRET_KEY": secrets.token_urlsafe(50),
    }
    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for file in (Path("examples/backup.yaml"), *WORKFLOWS):
        call_command("import_workflow", str(file))
    backup = ["run_workflow", "backup", "--param", f"directory={directory / 'backups'}"]
    subprocess.run([sys.executable, "manage.py", *backup], check=True)


def actor(name: str) -> "Actor":
    """Return somebody whom the trail calls so."""
    from workflows.models.actor import Actor

    return Actor(name=name)


def release(version: str, *done: str, failed: str = "", running: tuple[str, ...] = ()) -> int:
    """Take a release as far as said; return the id of its run."""
    from workflows.models import WorkflowTemplate
    from workflows.operations.dispatch_ready import dispatch_ready
    from workflows.runs.creation import create_run

    template = WorkflowTemplate.objects.get(name="release")
    run = create_run(
        template_id=template.pk,
        parameters={"version": version},
        auto_dispatch=True,
        by=actor(ADMINISTRATOR),
    )
    if done:
        dispatch_ready(run.pk, limit=None, by=actor(ADMINISTRATOR))
    for step_id in (*done, *running):
        report(run.pk, step_id, "running")
        if step_id in done:
            report(run.pk, step_id, "failed" if step_id == failed else "success")
    return run.pk


def report(run_id: int, step_id: str, status: str) -> None:
    """Report on a task as its runner would."""
    from workflows.models import LogPiece, TaskAttempt
    from workflows.reports.apply import apply_report
    from workflows.reports.report import Report

    attempt = TaskAttempt.objects.get(task__run=run_id, task__step_id=step_id)
    failed = status == "failed"
    if failed:
        LogPiece.objects.create(attempt=attempt, offset=0, text=LOG)
    why = "exit code 1" if failed else ""
    apply_report(
        Report(attempt.pk, status, 1 if failed else None, message=why),
        by=actor("local runner"),
    )


def history() -> None:
    """Let exports have ended on the days before this one, some of them badly."""
    from workflows.models import WorkflowRun, WorkflowTemplate
    from workflows.runs.creation import create_run

    template = WorkflowTemplate.objects.get(name="nightly export")
    for days, (runs, failures) in enumerate(EXPORTS, start=1):
        for number in range(runs):
            made = create_run(
                template_id=template.pk,
                parameters={"days": days, "number": number},
                auto_dispatch=True,
                by=actor("cron"),
            )
            play(made.pk, failed=number < failures)
            end = datetime.now(UTC) - timedelta(days=days, minutes=13 * number)
            start = end - timedelta(seconds=95 + 31 * (days % 4) + 7 * number)
            WorkflowRun.objects.filter(pk=made.pk).update(
                created_at=start, started_at=start, finished_at=end
            )


def play(run_id: int, *, failed: bool) -> None:
    """Take a run to its end: every attempt succeeds, or the first one fails."""
    from workflows.models import TaskAttempt
    from workflows.operations.dispatch_ready import dispatch_ready

    dispatch_ready(run_id, limit=None, by=actor("cron"))
    while attempt := TaskAttempt.objects.open().filter(task__run=run_id).first():
        report(run_id, str(attempt.task.step_id), "failed" if failed else "success")


def seed() -> dict[str, str]:
    """Fill the installation with runs; return the paths to look at, by picture."""
    from workflows.models import WorkflowTemplate
    from workflows.operations.dispatch_ready import dispatch_ready
    from workflows.operations.runs import pause

    history()
    tests = ("checkout", "lint", "docs", "test_sqlite")
    failed = release("2.4.0", *tests, "test_postgresql", failed="test_postgresql")
    dispatch_ready(failed, by=actor(ADMINISTRATOR))
    release("2.4.1", *tests, "test_postgresql", "package")
    pause(release("2.5.0a1", "checkout", "lint"), by=actor(ADMINISTRATOR), reason="a fix is coming")
    release("2.5.0a2", "checkout", "lint", "docs", running=("test_sqlite", "test_postgresql"))
    release("2.5.0a3")
    template = WorkflowTemplate.objects.get(name="release")
    return {
        "dashboard": "/admin/",
        "run": f"/admin/workflows/workflowrun/{failed}/change/",
        "runs": "/admin/workflows/workflowrun/",
        "template": f"/admin/workflows/workflowtemplate/{template.pk}/change/",
    }


def session() -> str:
    """Log an administrator in; return the key of the session."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.create_superuser(ADMINISTRATOR))
    return client.cookies["sessionid"].value


@contextmanager
def site() -> Iterator[str]:
    """Serve the installation while needed; yield its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "gunicorn", "orchestrator.wsgi", "--bind", address]
    process = subprocess.Popen([*command, "--threads", "4", "--log-level", "warning"])
    try:
        wait_for(f"http://{address}/readyz")
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


def wait_for(url: str) -> None:
    """Wait until an address answers."""
    give_up_at = time.monotonic() + LONGEST_WAIT_S
    while True:
        try:
            urllib.request.urlopen(url)  # noqa: S310 (our own address)
        except OSError:
            if time.monotonic() > give_up_at:
                raise
            time.sleep(0.1)
        else:
            return


@contextmanager
def browser(address: str, session_key: str) -> Iterator[Page]:
    """Open a browser in which somebody is logged in."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS.split())
        page = chromium.new_page(color_scheme="light")
        page.context.add_cookies([{"name": "sessionid", "value": session_key, "url": address}])
        yield page
        chromium.close()


def take(page: Page, url: str, file: Path) -> None:
    """Take the picture of a page, down to where its content ends or enough is seen."""
    page.set_viewport_size({"width": WIDTH, "height": LOWEST})
    page.goto(url, wait_until="load")
    page.wait_for_timeout(DRAWN_AFTER_MS)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": min(height, TALLEST)})
    page.screenshot(path=file)
    size = file.stat().st_size
    print(f"{file}: {size:,} bytes")
    if size > LARGEST:
        raise SystemExit(f"{file} is larger than {LARGEST:,} bytes")


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as directory:
        prepare(Path(directory))
        session_key, paths = session(), seed()
        with site() as address, browser(address, session_key) as page:
            for name, path in paths.items():
                take(page, address + path, PICTURES / f"{name}.png")
            page.emulate_media(color_scheme="dark")
            take(page, address + paths["dashboard"], PICTURES / "dashboard-dark.png")


if __name__ == "__main__":
    main()
