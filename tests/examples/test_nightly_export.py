"""The nightly export: its file, what it tells the chat, and a chat that refuses."""

import csv
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from examples.functions.notify import NotDeliveredError, webhook
from tests.examples.running import finish_by_service, log_of, retry, run_example
from tests.factories import RunFactory
from tests.management.conftest import Started
from tests.support.verbs import states
from workflows.models import WorkflowRun

TOKEN = "T024-B7-swordfish"


class Chat(ThreadingHTTPServer):
    """A chat with one incoming webhook, which answers with `status`."""

    def __init__(self) -> None:
        """Listen at any port."""
        super().__init__(("127.0.0.1", 0), ChatRequest)
        self.status = 200
        self.told: list[Any] = []

    @property
    def webhook(self) -> str:
        """The address of the webhook."""
        return f"http://127.0.0.1:{self.server_port}/services/{TOKEN}"


class ChatRequest(BaseHTTPRequestHandler):
    """A message."""

    server: Chat

    def do_POST(self) -> None:
        """Take the message if the chat accepts any."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.server.status == 200 and self.path.endswith(TOKEN):
            self.server.told.append(json.loads(body))
        self.send_response(self.server.status)
        self.send_header("Location", "/login")
        self.end_headers()
        self.wfile.write(b"no_service")

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def chat() -> Iterator[Chat]:
    """Return a chat that takes every message."""
    with Chat() as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def run_that_ended(moment: datetime, name: str) -> None:
    """Store a run that ended at some time."""
    run = RunFactory.create(template__name=name)
    WorkflowRun.objects.filter(pk=run.pk).update(state="success", finished_at=moment)


def rows_of(file: Path) -> list[dict[str, str]]:
    """Return the rows of a compressed CSV file."""
    with gzip.open(file, "rt", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.django_db(transaction=True)
def test_rows_of_the_day_are_exported_and_the_chat_is_told(chat: Chat, tmp_path: Path) -> None:
    last_moment = datetime(2026, 2, 1, tzinfo=UTC) - timedelta(microseconds=1)
    run_that_ended(datetime(2026, 1, 31, tzinfo=UTC), 'the "first", of all')
    run_that_ended(last_moment, "the last")
    run_that_ended(datetime(2026, 2, 1, tzinfo=UTC), "the day after")
    run_that_ended(datetime(2026, 1, 30, 23, 59, tzinfo=UTC), "the day before")
    run, done = run_example(
        "nightly_export", webhook=chat.webhook, day="2026-01-31", directory=str(tmp_path)
    )
    assert (done.returncode, done.stderr) == (0, "")
    [file] = tmp_path.iterdir()
    assert file.name == "runs_2026-01-31.csv.gz"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [row["template_name"] for row in rows_of(file)] == ['the "first", of all', "the last"]
    assert chat.told == [{"text": f"Export of 2026-01-31: 2 rows in {file}"}]
    assert TOKEN not in "".join(log_of(run, step) for step in ("export", "compress", "notify"))


@pytest.mark.django_db(transaction=True)
def test_without_a_day_it_is_the_one_before_and_a_refusing_chat_can_be_told_again(
    chat: Chat, tmp_path: Path, started: Started
) -> None:
    chat.status = 404
    run, done = run_example("nightly_export", webhook=chat.webhook, directory=str(tmp_path))
    yesterday = (run.created_at - timedelta(days=1)).date()
    assert [path.name for path in tmp_path.iterdir()] == [f"runs_{yesterday}.csv.gz"]
    assert done.returncode == 1
    assert (
        "`notify` failed (NotDeliveredError: the webhook answered 404: no_service)" in done.stderr
    )
    assert TOKEN not in done.stdout + done.stderr
    chat.status = 200
    retry(run, "notify")
    assert finish_by_service(run, started) == "success"
    assert [message["text"].partition(" rows")[0] for message in chat.told] == [
        f"Export of {yesterday}: 0"
    ]


@pytest.mark.django_db(transaction=True)
def test_nobody_is_told_of_a_failed_export(chat: Chat, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    run, done = run_example("nightly_export", webhook=chat.webhook, directory=f"{tmp_path}/file")
    assert states(run) == {"export": "success", "compress": "failed", "notify": "pending"}
    assert "mkdir: cannot create directory" in done.stderr
    assert chat.told == []


@pytest.mark.parametrize("status", [302, 500])
def test_only_a_success_counts_as_told(chat: Chat, status: int) -> None:
    chat.status = status
    with pytest.raises(NotDeliveredError, match=f"the webhook answered {status}: no_service"):
        webhook(chat.webhook, "hello")
