"""Take the pictures of the documentation: screenshots of a temporary installation."""

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
import time_machine
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
WIDTH, MIN_HEIGHT, MAX_HEIGHT = 1440, 760, 980
MAX_BYTES = 300_000
RENDER_MS = 800
START_TIMEOUT_S = 30
ADMINISTRATOR = "ada"
APPROVER = "kim"
EXPORTS = ((3, 0), (2, 0), (4, 1), (3, 0), (1, 0), (2, 0), (5, 2), (3, 0), (2, 0), (4, 0), (3, 1))
"""Finished runs of each of the past days, and how many of them failed."""
RELEASES = {12: "", 11: "", 9: "test_sqlite", 8: "", 6: "", 5: "", 4: "lint", 3: "", 2: ""}
"""Which step failed in the release of so many days ago, if any."""
SECONDS = {
    "checkout": 6,
    "lint": 14,
    "test_sqlite": 73,
    "test_postgresql": 96,
    "docs": 9,
    "package": 21,
    "publish": 18,
    "announce": 2,
    "extract": 41,
    "transform": 22,
    "load": 63,
    "verify": 8,
}
"""How long each step takes."""
LOG = """\
tests/test_orders.py::test_an_order_is_paid PASSED
tests/test_orders.py::test_a_refund_is_booked PASSED
tests/test_orders.py::test_a_refund_is_booked_once FAILED
E   django.db.utils.OperationalError: connection to server at "db.test" (10.0.3.7) failed:
E   Connection refused
1 failed, 412 passed in 96.31s
"""


def install(directory: Path) -> None:
    """Create an installation in a directory, for this process and its children."""
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
    """Return the actor with this name."""
    from workflows.models.actor import Actor

    return Actor(name=name)


@contextmanager
def ago(**span: float) -> Iterator[time_machine.Traveller]:
    """Let it be so long ago; the clock stands still until it is moved."""
    with time_machine.travel(datetime.now(UTC) - timedelta(**span), tick=False) as clock:
        yield clock


def run_release(version: str, *done: str, failed: str = "", running: tuple[str, ...] = ()) -> int:
    """Create a run of the release workflow in the given state; return its id."""
    from workflows.operations.dispatch_ready import dispatch_ready

    with ago(seconds=90 + sum(SECONDS[step_id] for step_id in done)) as clock:
        run_id = create("release", {"version": version, "regions": "eu, us"}, by=ADMINISTRATOR)
        if done:
            dispatch_ready(run_id, limit=None, by=actor(ADMINISTRATOR))
        for step_id in done:
            finish(clock, run_id, step_id, failed=step_id == failed)
        for step_id in running:
            report(run_id, step_id, "running")
    return run_id


def create(name: str, parameters: dict[str, object], *, by: str) -> int:
    """Create a run of the template of this name; return its id."""
    from workflows.models import WorkflowTemplate
    from workflows.runs.creation import create_run

    template = WorkflowTemplate.objects.get(name=name)
    run = create_run(
        template_id=template.pk, parameters=parameters, auto_dispatch=True, by=actor(by)
    )
    return run.pk


def finish(
    clock: time_machine.Traveller, run_id: int, step_id: str, *, failed: bool = False
) -> None:
    """Let a task start now, and end after about as long as it usually takes."""
    report(run_id, step_id, "running")
    clock.shift(SECONDS[step_id] * (1 + (7 * run_id) % 5 / 10))
    report(run_id, step_id, "failed" if failed else "success")


def report(run_id: int, step_id: str, status: str) -> None:
    """Report the status of a task, as its runner does."""
    from workflows.models import LogPiece, TaskAttempt
    from workflows.reports.apply import apply_report
    from workflows.reports.report import Report

    attempt = TaskAttempt.objects.get(task__run=run_id, task__step_id=step_id)
    failed = status == "failed"
    if failed:
        LogPiece.objects.create(attempt=attempt, offset=0, text=LOG, at=datetime.now(UTC))
    why = "exit code 1" if failed else ""
    apply_report(
        Report(attempt.pk, status, 1 if failed else None, message=why),
        by=actor("local runner"),
    )


def create_history() -> None:
    """Create finished runs on the past days, some of them failed."""
    for days in range(max(RELEASES), 0, -1):
        runs, failures = EXPORTS[days - 1] if days <= len(EXPORTS) else (0, 0)
        for number in range(runs):
            with ago(days=days, minutes=13 * number) as clock:
                run_id = create("nightly export", {"days": days, "number": number}, by="cron")
                finish_run(clock, run_id, failed="load" if number < failures else "")
        if days in RELEASES:
            with ago(days=days, hours=2) as clock:
                run_id = create("release", {"version": f"2.3.{12 - days}"}, by=ADMINISTRATOR)
                finish_run(clock, run_id, failed=RELEASES[days])


def finish_run(clock: time_machine.Traveller, run_id: int, *, failed: str) -> None:
    """Finish a run: every attempt succeeds but that of one step, and everything is approved."""
    from workflows.models import Approval, TaskAttempt
    from workflows.operations import approve
    from workflows.operations.dispatch_ready import dispatch_ready

    for approval in Approval.objects.filter(task__run=run_id, status="pending"):
        approve(approval.pk, by=actor(APPROVER))
    dispatch_ready(run_id, limit=None, by=actor(ADMINISTRATOR))
    while attempt := TaskAttempt.objects.open().filter(task__run=run_id).first():
        step_id = str(attempt.task.step_id)
        finish(clock, run_id, step_id, failed=step_id == failed)


def keep_running() -> None:
    """Let a runner look after what runs: otherwise it would be overdue soon."""
    from workflows.models import TaskAttempt
    from workflows.presence import seen

    seen(kind="local runner", serves=["local"])
    started = TaskAttempt.objects.open().exclude(started_at=None)
    started.update(lease_expires_at=datetime.now(UTC) + timedelta(hours=1))


def create_runs() -> dict[str, str]:
    """Create runs; return the path of each picture."""
    from workflows.models import WorkflowTemplate
    from workflows.operations.dispatch_ready import dispatch_ready
    from workflows.operations.runs import pause

    create_history()
    tests = ("checkout", "lint", "docs", "test_sqlite")
    failed = run_release("2.4.0", *tests, "test_postgresql", failed="test_postgresql")
    dispatch_ready(failed, by=actor(ADMINISTRATOR))
    run_release("2.4.1", *tests, "test_postgresql", "package")
    pause(
        run_release("2.5.0a1", "checkout", "lint"),
        by=actor(ADMINISTRATOR),
        reason="a fix is coming",
    )
    run_release("2.5.0a2", "checkout", "lint", "docs", running=("test_sqlite", "test_postgresql"))
    run_release("2.5.0a3")
    keep_running()
    template = WorkflowTemplate.objects.get(name="release")
    return {
        "dashboard": "/admin/",
        "run": f"/admin/workflows/workflowrun/{failed}/change/",
        "runs": "/admin/workflows/workflowrun/",
        "template": f"/admin/workflows/workflowtemplate/{template.pk}/overview/",
    }


def log_in() -> str:
    """Log in an administrator; return the session key."""
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.create_superuser(ADMINISTRATOR))
    return client.cookies["sessionid"].value


@contextmanager
def serve() -> Iterator[str]:
    """Run the site; yield its address."""
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
    """Wait until a URL responds."""
    give_up_at = time.monotonic() + START_TIMEOUT_S
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
    """Open a page in a logged-in browser."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS.split())
        page = chromium.new_page(color_scheme="light")
        page.context.add_cookies([{"name": "sessionid", "value": session_key, "url": address}])
        yield page
        chromium.close()


def take_picture(page: Page, url: str, file: Path) -> None:
    """Take a screenshot of a page, as high as its content up to a maximum."""
    page.set_viewport_size({"width": WIDTH, "height": MIN_HEIGHT})
    page.goto(url, wait_until="load")
    page.wait_for_timeout(RENDER_MS)
    height = page.evaluate("document.documentElement.scrollHeight")
    page.set_viewport_size({"width": WIDTH, "height": min(height, MAX_HEIGHT)})
    page.screenshot(path=file)
    size = file.stat().st_size
    print(f"{file}: {size:,} bytes")
    if size > MAX_BYTES:
        raise SystemExit(f"{file} is larger than {MAX_BYTES:,} bytes")


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as directory:
        install(Path(directory))
        session_key, paths = log_in(), create_runs()
        with serve() as address, browser(address, session_key) as page:
            for name, path in paths.items():
                take_picture(page, address + path, PICTURES / f"{name}.png")
            page.emulate_media(color_scheme="dark")
            take_picture(page, address + paths["dashboard"], PICTURES / "dashboard-dark.png")


if __name__ == "__main__":
    main()
