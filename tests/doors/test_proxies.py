"""The proxies of docs/proxy/ keep slow clients from the site, and say truthfully who calls."""

import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.doors import proxies
from tests.doors.site import ROOT, Site, connect, head, request, running_site, status_of
from workflows.limits import LIMITS, limit_of
from workflows.reports.refused_tokens import OF_ADDRESS

THREADS = 4
SLOW = 20
CALLBACK = "/runner/tasks/1/status"


@pytest.fixture
def site(transactional_db: None) -> Iterator[Site]:
    """Serve the test's database by few threads, behind one proxy."""
    public = "https://localhost"
    few = ("--workers", "1", "--threads", str(THREADS))
    with running_site(*few, PROXIES="1", PUBLIC_BASE_URL=public, ALLOWED_HOSTS="localhost") as made:
        yield made


@pytest.fixture(params=["nginx", "caddy"])
def port(request: pytest.FixtureRequest, site: Site, tmp_path: Path) -> Iterator[int]:
    """Run a proxy before the site; return its port."""
    tmp_path.chmod(0o755)
    with getattr(proxies, request.param)(site, tmp_path) as found:
        yield found


def test_slow_clients_keep_nobody_waiting(port: int) -> None:
    heads = [head("POST", "/admin/login/", content_length=1_000), b"GET / HTTP/1.1\r\nhost: "]
    with ExitStack() as slow:
        for n in range(SLOW):
            connection = slow.enter_context(connect(port, tls=True))
            connection.sendall(heads[n % 2])  # the rest of the body, or of the head, never comes
        for _ in range(2 * THREADS):
            assert status_of(request(port, head("GET", "/healthz"), tls=True)) == 200


def test_forged_addresses_are_not_believed(port: int) -> None:
    for _ in range(OF_ADDRESS.most - 1):
        OF_ADDRESS.count("127.0.0.1")

    answers = [
        request(port, head("POST", CALLBACK, x_forwarded_for=f"10.0.0.{n}"), tls=True)
        for n in range(2)
    ]

    assert [*map(status_of, answers)] == [401, 429]


def test_site_knows_that_the_connection_is_encrypted(port: int) -> None:
    answer = request(port, head("GET", "/healthz", x_forwarded_proto="http"), tls=True)

    assert b"strict-transport-security: max-age=2592000" in answer.lower()


def test_static_files_come_from_the_site(port: int) -> None:
    answer = request(port, head("GET", "/static/workflows/console.css"), tls=True)

    assert (status_of(answer), b"text/css" in answer) == (200, True)


@pytest.mark.parametrize("path", ["/workflow-templates", CALLBACK])
def test_nginx_refuses_bodies_that_are_larger_than_the_site_takes(
    site: Site, tmp_path: Path, path: str
) -> None:
    tmp_path.chmod(0o755)
    most = limit_of(path).logged_in

    with proxies.nginx(site, tmp_path) as port:
        answer = request(port, head("POST", path, content_length=most + 1), tls=True)

    assert status_of(answer) == 413


@pytest.mark.parametrize("name", ["nginx.conf", "Caddyfile"])
def test_examples_have_the_limits_of_the_site(name: str) -> None:
    text = (ROOT / "docs" / "proxy" / name).read_text()
    found = {int(size) for size in re.findall(r"max_(?:body_)?size (\d+)(?:m;|MiB)", text)}

    assert found == {
        limit_of(CALLBACK).logged_in >> 20,
        max(limit.logged_in for limit in LIMITS if limit != limit_of(CALLBACK)) >> 20,
    }
