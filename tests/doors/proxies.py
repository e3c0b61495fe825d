"""Starts the proxies of docs/proxy/, with addresses and certificates of the tests."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from tests.doors.site import ROOT, Site, wait_until
from tests.support.redis import free_port

EXAMPLES = ROOT / "docs" / "proxy"
NGINX_MAIN = """
daemon off; worker_processes 1; error_log stderr crit; pid {home}/pid;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {home}/body; proxy_temp_path {home}/proxy; fastcgi_temp_path {home}/f;
    uwsgi_temp_path {home}/u; scgi_temp_path {home}/s;
    include {home}/site.conf;
}}
"""


@contextmanager
def nginx(site: Site, home: Path) -> Iterator[int]:
    """Run nginx with the example before a site; yield its port for HTTPS."""
    program = _program("nginx")
    port = free_port()
    text = (EXAMPLES / "nginx.conf").read_text()
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{site.port}")
    text = re.sub(r"listen \[::\]:\d+( ssl)?;\n", "", text)
    text = text.replace("listen 443", f"listen 127.0.0.1:{port}")
    text = text.replace("listen 80;", f"listen 127.0.0.1:{free_port()};")
    text = text.replace("/etc/ssl/", f"{_certificates(home)}/")
    (home / "site.conf").write_text(text)
    (home / "nginx.conf").write_text(NGINX_MAIN.format(home=home))
    with _running([program, "-p", str(home), "-c", str(home / "nginx.conf")], port):
        yield port


@contextmanager
def caddy(site: Site, home: Path) -> Iterator[int]:
    """Run Caddy with the example before a site; yield its port for HTTPS."""
    program = _program("caddy")
    port = free_port()
    text = (EXAMPLES / "Caddyfile").read_text()
    text = text.replace("127.0.0.1:8000", f"127.0.0.1:{site.port}")
    certificates = _certificates(home)
    tls = f"\ttls {certificates}/orchestrator.pem {certificates}/orchestrator.key\n"
    text = text.replace("{\n\tservers", "{\n\tadmin off\n\tauto_https off\n\tservers", 1)
    text = text.replace("orchestrator.example.org {\n", f"https://localhost:{port} {{\n{tls}")
    if _version(program) < (2, 7):  # it has only one size for both, and other names
        text = text.replace("request_buffers 1MiB", "buffer_requests\n\t\tmax_buffer_size 1MiB")
        text = text.replace("response_buffers 1MiB", "buffer_responses")
    (home / "Caddyfile").write_text(text)
    command = [program, "run", "--config", str(home / "Caddyfile"), "--adapter", "caddyfile"]
    with _running(command, port, XDG_DATA_HOME=str(home), XDG_CONFIG_HOME=str(home)):
        yield port


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def _version(program: str) -> tuple[int, ...]:
    said = subprocess.run([program, "version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.findall(r"\d+", said)[:2]))


def _certificates(home: Path) -> Path:
    certificate = trustme.CA().issue_cert("localhost", "orchestrator.example.org")
    certificate.private_key_pem.write_to_path(home / "orchestrator.key")
    (home / "orchestrator.pem").write_bytes(certificate.cert_chain_pems[0].bytes())
    return home


@contextmanager
def _running(command: list[str], port: int, **more: str) -> Iterator[None]:
    environment = {**os.environ, **more}
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE) as process:
        try:
            wait_until(port, process, tls=True)
            yield
        finally:
            process.terminate()
            process.communicate(timeout=20)
