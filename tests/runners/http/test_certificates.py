"""Hosts over https: with an authority of their own, and with a certificate of the site."""

import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from rest_framework.test import APIClient

from runners.models import Runner
from runners.tls import tls_context
from tests.factories import UserFactory
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner, serving
from tests.support.verbs import dispatch, states, trail

Serve = Callable[..., HostRunner]
Options = dict[str, str]


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Make an authority that nobody knows yet."""
    return trustme.CA()


@pytest.fixture(scope="module")
def files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Options:
    """Write what the site needs into files: the authority, and a certificate with its key."""
    folder = tmp_path_factory.mktemp("pki")
    site = authority.issue_cert("orchestrator.example")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    site.cert_chain_pems[0].write_to_path(folder / "site.pem")
    site.private_key_pem.write_to_path(folder / "site.key")
    trustme.CA().cert_pem.write_to_path(folder / "other.pem")
    trustme.CA().issue_cert("other").private_key_pem.write_to_path(folder / "other.key")
    paths = {
        "ca_file": folder / "ca.pem",
        "client_certificate": folder / "site.pem",
        "client_key": folder / "site.key",
        "other_ca": folder / "other.pem",
        "other_key": folder / "other.key",
    }
    return {name: str(path) for name, path in paths.items()}


@pytest.fixture
def serve(authority: trustme.CA, db: None) -> Iterator[Serve]:
    """Serve hosts over https: `serve(files, "ca_file", mutual=True)` sets these options."""
    with ExitStack() as stack:

        def start(options: Options, *, mutual: bool = False) -> HostRunner:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            authority.issue_cert("127.0.0.1").configure_cert(context)
            if mutual:
                authority.configure_trust(context)
                context.verify_mode = ssl.CERT_REQUIRED
            host = stack.enter_context(serving(HostRunner(), tls=context))
            Runner.objects.create(
                name="gpu-1", kind="http", url=host.url, options=options, is_default=True
            )
            return host

        yield start


def only(files: Options, *names: str) -> Options:
    return {name: files[name] for name in names}


IDENTITY = ("client_certificate", "client_key")


def test_host_with_certificate_of_given_authority_takes_tasks(
    runs: DrawRun, serve: Serve, files: Options
) -> None:
    host = serve(only(files, "ca_file"))
    run = runs("a")

    assert dispatch(run).reason is None
    assert host.asked == ["POST /tasks/submit"]
    assert states(run) == {"a": "dispatched"}


@pytest.mark.parametrize("trusted", ["nothing of its own", "another authority"])
def test_certificate_of_unknown_authority_is_a_refusal_in_plain_words(
    runs: DrawRun, serve: Serve, files: Options, trusted: str
) -> None:
    options = {} if trusted == "nothing of its own" else {"ca_file": files["other_ca"]}
    host = serve(options)
    run = runs("a, b")

    reason = dispatch(run).reason or ""
    assert reason.startswith("runner refused: gpu-1: its certificate is not trusted (")
    assert reason.endswith("): check the runner's url and ca_file")
    assert "_ssl.c" not in reason
    assert "task.submit_failed a" in trail(run)
    assert host.asked == []


def test_certificate_for_another_name_is_refused(
    runs: DrawRun, serve: Serve, files: Options
) -> None:
    host = serve(only(files, "ca_file"))
    Runner.objects.update(url=host.url.replace("127.0.0.1", "localhost"))

    assert "not valid for 'localhost'" in (dispatch(runs("a")).reason or "")


def test_host_that_wants_to_know_the_site_gets_its_certificate(
    runs: DrawRun, serve: Serve, files: Options
) -> None:
    host = serve(only(files, "ca_file", *IDENTITY), mutual=True)

    assert dispatch(runs("a")).reason is None
    assert host.asked == ["POST /tasks/submit"]


def test_missing_client_certificate_is_a_refusal(
    runs: DrawRun, serve: Serve, files: Options
) -> None:
    host = serve(only(files, "ca_file"), mutual=True)
    run = runs("a")

    reason = dispatch(run).reason or ""
    # The host closes the connection, which may be quicker than its alert.
    assert "(certificate required)" in reason or "the connection broke" in reason
    assert states(run) == {"a": "pending"}
    assert host.asked == []


def test_file_that_has_gone_is_a_refusal_and_its_return_is_noticed(
    runs: DrawRun, serve: Serve, files: Options, tmp_path: Path
) -> None:
    moved = tmp_path / "ca.pem"
    host = serve({"ca_file": str(moved)})
    run = runs("a")
    assert dispatch(run).reason == (
        f"runner refused: gpu-1: its ca_file cannot be used: {moved} cannot be read here "
        "(No such file or directory): give a file that the site may read."
    )

    moved.write_bytes(Path(files["ca_file"]).read_bytes())
    assert dispatch(run).reason is None
    assert len(host.asked) == 1


def test_certificates_are_read_once_until_a_file_changes(files: Options, tmp_path: Path) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(Path(files["ca_file"]).read_bytes())
    options = {"ca_file": str(path)}
    first = tls_context(options)
    assert tls_context(options) is first

    path.write_bytes(Path(files["other_ca"]).read_bytes())
    os.utime(path, ns=(1, 1))
    assert tls_context(options) is not first


@pytest.fixture
def api(db: None) -> APIClient:
    """Return a client of the API with all permissions."""
    client = APIClient()
    client.force_authenticate(UserFactory.create(is_superuser=True))
    return client


@pytest.fixture
def odd(files: Options, tmp_path: Path) -> Options:
    """Make files that cannot be used."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty.pem").touch()
    key = serialization.load_pem_private_key(Path(files["client_key"]).read_bytes(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(b"x"),
    )
    (tmp_path / "locked.key").write_bytes(locked)
    made = {name: str(tmp_path / name) for name in ("pipe", "empty.pem", "locked.key", "gone")}
    return {**files, **made, "folder": str(tmp_path), "relative": "ca.pem"}


NO_KEY = "has no key in PEM form without a passphrase: give the key that belongs to"


@pytest.mark.parametrize(
    ("given", "wrong", "why"),
    [
        ({"ca_file": "gone"}, "ca_file", "cannot be read here (No such file or directory)"),
        ({"ca_file": "folder"}, "ca_file", "is no PEM file: give the path of one."),
        ({"ca_file": "pipe"}, "ca_file", "is no PEM file: give the path of one."),
        ({"ca_file": "relative"}, "ca_file", "Give the whole path, such as /etc/"),
        ({"ca_file": "empty.pem"}, "ca_file", "has no certificate in PEM form: give one."),
        ({"ca_file": "client_key"}, "ca_file", "has no certificate in PEM form: give one."),
        ({"client_key": "client_key"}, "client_certificate", "that client_key belongs to."),
        ({"client_certificate": "client_certificate"}, "client_key", NO_KEY),
        (
            {"client_certificate": "client_certificate", "client_key": "locked.key"},
            "client_key",
            NO_KEY,
        ),
        (
            {"client_certificate": "client_certificate", "client_key": "other_key"},
            "client_key",
            "has the key of another certificate: give the key that belongs to client_certificate.",
        ),
        ({"client_certificate": "empty.pem"}, "client_certificate", "has no certificate in PEM"),
    ],
)
def test_unusable_file_is_refused_when_saved(
    api: APIClient, odd: Options, given: Options, wrong: str, why: str
) -> None:
    options = {name: odd[file] for name, file in given.items()}
    body = {"name": "gpu", "kind": "http", "url": "https://gpu-1", "options": options}
    answer = api.post("/runners", body)

    assert (answer.status_code, list(answer.json()["options"])) == (400, [wrong])
    assert why in answer.json()["options"][wrong][0]
    assert not Runner.objects.filter(name="gpu").exists()


def test_usable_files_are_accepted_and_shown(api: APIClient, files: Options) -> None:
    options = only(files, "ca_file", *IDENTITY)
    body = {"name": "gpu", "kind": "http", "url": "https://gpu-1", "options": options}

    assert api.post("/runners", body).json()["options"] == options


def test_certificates_without_https_are_refused(api: APIClient, files: Options) -> None:
    body = {"name": "gpu", "kind": "http", "url": "http://gpu-1"}
    answer = api.post("/runners", {**body, "options": only(files, "ca_file")})

    why = "Leave this empty, or give an https url: http uses no certificates."
    assert answer.json() == {"options": {"ca_file": [why]}}
