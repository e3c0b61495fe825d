"""What the log of a site with DEBUG off has: refusals, failed logins, faults with their trace."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection

from tests.doors.site import Site, head, request, running_site, status_of

pytestmark = pytest.mark.django_db(transaction=True)
ELSEWHERE = {"ALLOWED_HOSTS": "orchestrator.example.org"}


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Return the file of a site's standard error."""
    return tmp_path / "log"


@pytest.fixture
def site(log: Path) -> Iterator[Site]:
    """Run a site whose own host name is another one than that of the requests."""
    with log.open("w") as file, running_site(log=file, LOG_FORMAT="json", **ELSEWHERE) as made:
        yield made


def ask(site: Site, path: str, *, host: str = "orchestrator.example.org", **headers: str) -> bytes:
    """Send a request under a host name."""
    lines = head("GET", path, **headers).replace(b"host: localhost", f"host: {host}".encode())
    return request(site.port, lines)


def body_of(answer: bytes) -> dict[str, str]:
    """Return the JSON of an answer."""
    body = answer.partition(b"\r\n\r\n")[2]  # perhaps in chunks
    found: dict[str, str] = json.loads(body[body.index(b"{") : body.rindex(b"}") + 1])
    return found


def lines_about(log: Path, request_id: str, logger: str) -> list[dict[str, str]]:
    """Return what a logger has said of a request; the line of the access log comes last."""
    give_up_at = time.monotonic() + 20
    while True:
        text = log.read_text().splitlines()
        found = [json.loads(line) for line in text if line.startswith("{") and request_id in line]
        if any(line["logger"] == "gunicorn.access" for line in found):
            return [line for line in found if line["logger"] == logger]
        assert time.monotonic() < give_up_at, text
        time.sleep(0.05)


def test_fault_is_logged_with_its_trace_under_the_number_that_the_answer_has(
    site: Site, log: Path
) -> None:
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE knox_authtoken RENAME TO elsewhere")
    try:
        answer = ask(site, "/tasks", authorization="Token 0123456789abcdef0123")
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE elsewhere RENAME TO knox_authtoken")
    assert status_of(answer) == 500
    [line] = lines_about(log, body_of(answer)["request_id"], "django.request")
    assert line["message"] == "Internal Server Error: /tasks"
    assert "knox_authtoken" in line["traceback"]
    assert "0123456789abcdef" not in log.read_text()


def test_refused_host_is_told_so_and_logged(site: Site, log: Path) -> None:
    answer = ask(site, "/tasks", host="evil.example.org")
    assert status_of(answer) == 400
    assert body_of(answer)["code"] == "host_not_allowed"
    [line] = lines_about(log, body_of(answer)["request_id"], "django.security.DisallowedHost")
    assert "evil.example.org" in line["message"]


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.7:8000", "évil"])
def test_health_checks_answer_under_every_host_name(site: Site, path: str, host: str) -> None:
    assert status_of(ask(site, path, host=host)) == 200


def test_failed_login_is_logged_with_its_name(site: Site, log: Path) -> None:
    answer = ask(site, "/tasks", authorization="Basic YWRhOmh1bnRlcjI=")  # ada:hunter2
    assert status_of(answer) == 401
    [line] = lines_about(log, number_of(answer), "orchestrator.logins")
    assert line["message"] == "Failed login as 'ada'."
    assert line["address"] == "127.0.0.1"
    assert "hunter2" not in log.read_text()


def test_denied_permission_is_logged_with_its_user(site: Site, log: Path) -> None:
    user = User.objects.create_user("ada", password="hunter2")
    user.user_permissions.add(Permission.objects.get(codename="view_task"))
    answer = ask(site, "/runners", authorization="Basic YWRhOmh1bnRlcjI=")
    assert status_of(answer) == 403
    [line] = lines_about(log, number_of(answer), "django.request")
    assert (line["message"], line["user"]) == ("Forbidden: /runners", "ada")


def number_of(answer: bytes) -> str:
    """Return the request's id in the head of an answer."""
    [line] = [each for each in answer.split(b"\r\n") if each.startswith(b"X-Request-ID: ")]
    return line.partition(b": ")[2].decode()
