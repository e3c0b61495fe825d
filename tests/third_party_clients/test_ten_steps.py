"""Third-party programs and the site, over a lossy connection: the run still succeeds."""

import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from runners.models import Runner
from tests.contract.server import ROOT, installation
from tests.execution.conftest import log_of
from tests.management.conftest import wait_for
from tests.support.database import database_url
from tests.support.drawing import steps_of
from tests.support.redis import free_port
from tests.support.trail import check_trail
from tests.support.verbs import state, states
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import TaskAttempt, WorkflowRun, WorkflowTemplate

#     ┌ b ─ c ┐           ┌ h ┐
#   a           f ─── g          j
#     └ d ─ e ┘           └ i ┘
TEN = "a > b > c > f, a > d > e > f, f > g > h > j, g > i > j"

SITE = {
    "DJANGO_SUPERUSER_PASSWORD": "pw",
    # Its passwords are cheap to check: the bot sends one with every request.
    "DJANGO_SETTINGS_MODULE": "tests.settings",
}

Program = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def program() -> Iterator[Program]:
    """Start third-party programs; they end with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(name: str, *arguments: object) -> "subprocess.Popen[str]":
        command = [sys.executable, "-m", f"tests.third_party_clients.{name}", *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
        started.append(subprocess.Popen(command, cwd=ROOT, text=True, **pipes))  # type: ignore[call-overload]
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


class Chat:
    """A chat with the bot."""

    def __init__(self, bot: "subprocess.Popen[str]", name: str) -> None:
        """Open a chat."""
        self._bot, self._name = bot, name

    def say(self, text: str) -> str:
        """Say a line, and return the answer."""
        assert self._bot.stdin
        assert self._bot.stdout
        print(self._name, text, file=self._bot.stdin, flush=True)
        return self._bot.stdout.readline().rstrip("\n")


def wait_until_they_listen(*ports: int) -> None:
    """Wait for programs that have just been started."""
    wait_for(lambda: all(map(_is_open, ports)))


def _is_open(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def expire_leases() -> None:
    """Expire the leases of all open attempts."""
    TaskAttempt.objects.open().update(lease_expires_at=timezone.now() - timedelta(seconds=1))


def ten_steps(marks: Path) -> WorkflowTemplate:
    """Store a template of ten steps, each of which leaves a mark."""
    steps = [
        {**step, "payload": {"prompt": f"echo {step['step_id']} >> {marks}; echo done"}}
        for step in steps_of(TEN)
    ]
    return create_template(parse_template({"name": "ten steps", "steps": steps}))


@pytest.mark.django_db(transaction=True)
def test_ten_steps_succeed_over_a_lossy_connection(program: Program, tmp_path: Path) -> None:
    marks, host, proxy_port = tmp_path / "marks", free_port(), free_port()
    address = f"http://127.0.0.1:{host}"
    Runner.objects.create(name="host", kind="http", url=address, is_default=True)
    template = ten_steps(marks)
    environment = {**SITE, "PUBLIC_BASE_URL": f"http://127.0.0.1:{proxy_port}"}
    with installation(database_url(), **environment) as site:
        site.manage("createsuperuser", "--noinput", "--username=bot", "--email=bot@example.org")
        proxy = program("proxy", proxy_port, site.url)
        program("host_runner", host)
        wait_until_they_listen(host, proxy_port)
        bot = program("chat_bot", site.url.replace("//", "//bot:pw@"), "chat-7")
        chat = Chat(bot, "chat-7")

        assert Chat(bot, "chat-8").say(f"/run {template.pk}") == "this chat may not command"
        assert chat.say("/run 0") == "refused: workflow template 0 not found"
        assert chat.say(f"RUN {template.pk}").endswith(" is created")
        run = WorkflowRun.objects.get()
        assert chat.say(f"/next {run.pk}").startswith("dispatched task ")
        while state(run) == "running":
            if not chat.say(f"/next {run.pk}").startswith("dispatched"):
                expire_leases()
        assert chat.say(f"/status {run.pk}") == f"{run.pk} is success"
        proxy.terminate()
        passed, _ = proxy.communicate()

    assert states(run) == dict.fromkeys("abcfdeghij", "success")
    assert Counter(marks.read_text().split()) == Counter("abcdefghij")
    check_trail(run)
    assert [log_of(attempt) for attempt in TaskAttempt.objects.all()] == ["done\n"] * 10
    treatments = Counter(said.split(" /")[0] for said in passed.splitlines())
    assert treatments.keys() == {"pass", "drop", "hold back", "double", "delay"}
