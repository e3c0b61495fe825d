"""Certificates of calls over https: whom the site trusts, and how it proves who it is."""

import os
import ssl
import stat
from collections.abc import Iterator, Mapping
from functools import lru_cache

import httpx

from runners.base import RunnerField, RunnerUnavailable

CA_FILE, CERTIFICATE, KEY = "ca_file", "client_certificate", "client_key"
TLS_OPTIONS = {
    CA_FILE: RunnerField(
        "path of a PEM file with the certificates of the authorities that its certificate may come "
        "from, instead of the public ones",
        label="CA file",
    ),
    CERTIFICATE: RunnerField("path of a PEM file with the certificate that the site presents"),
    KEY: RunnerField(
        "path of a PEM file with the key of the client certificate, without a passphrase; empty: "
        "the certificate's file has it"
    ),
}
LARGEST_FILE = 1_000_000
"""Bytes; no file of certificates is larger."""


class UnusableFile(Exception):
    """A file that an option names cannot be used; the message says what to do."""

    def __init__(self, option: str, remedy: str) -> None:
        """Name the option."""
        super().__init__(remedy)
        self.option = option


def file_errors(options: Mapping[str, str]) -> dict[str, str]:
    """Return what is wrong with the files that these options name, by option."""
    try:
        _build(*_paths(options))
    except UnusableFile as exc:
        return {exc.option: str(exc)}
    return {}


def tls_context(options: Mapping[str, str]) -> ssl.SSLContext:
    """
    Return the context for calls of a host; it is kept until one of the files changes.

    :raises RunnerUnavailable: if a file cannot be used any more.
    """
    paths = _paths(options)
    try:
        return _kept(paths, tuple(_modified_at(path) for path in paths))
    except UnusableFile as exc:
        raise RunnerUnavailable(f"its {exc.option} cannot be used: {exc}") from exc


def tls_refusal(failure: BaseException) -> str:
    """Return why no connection over TLS was agreed on, in words for an operator; '' if it was."""
    for exc in _chain(failure):
        if isinstance(exc, ssl.SSLCertVerificationError):
            why = exc.verify_message.rstrip(".")
            return f"its certificate is not trusted ({why}): check the runner's url and ca_file"
        if isinstance(exc, ssl.SSLError) and "ALERT" in (exc.reason or ""):
            why = str(exc.reason).lower().replace("_", " ").partition("alert ")[2]
            return (
                f"it refuses the connection ({why}): "
                "check the runner's client_certificate and client_key"
            )
    return ""


def _paths(options: Mapping[str, str]) -> tuple[str, str, str]:
    return options.get(CA_FILE, ""), options.get(CERTIFICATE, ""), options.get(KEY, "")


# To read the certificates for each call costs more than the call.
@lru_cache(maxsize=100)
def _kept(paths: tuple[str, str, str], modified: tuple[int, ...]) -> ssl.SSLContext:
    return _build(*paths)


def _modified_at(path: str) -> int:
    try:
        return os.stat(path).st_mtime_ns if path else 0
    except OSError:
        return 0


def _build(ca_file: str, certificate: str, key: str) -> ssl.SSLContext:
    if key and not certificate:
        raise UnusableFile(CERTIFICATE, f"Give the certificate that {KEY} belongs to.")
    for option, path in ((CA_FILE, ca_file), (CERTIFICATE, certificate), (KEY, key)):
        if path:
            _require_readable(option, path)
    if certificate:
        _require_certificates(CERTIFICATE, certificate)
    context = (
        _require_certificates(CA_FILE, ca_file)
        if ca_file
        else httpx.create_ssl_context(trust_env=False)
    )
    if certificate:
        _load_identity(context, certificate, key)
    return context


def _require_readable(option: str, path: str) -> None:
    if not os.path.isabs(path):
        raise UnusableFile(option, "Give the whole path, such as /etc/orchestrator/ca.pem.")
    try:
        found = os.stat(path)
        # Not opened before it is known to be a file: a pipe would block, a device never end.
        if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_FILE:
            raise UnusableFile(option, f"{path} is no PEM file: give the path of one.")
        with open(path, "rb"):
            pass
    except OSError as exc:
        why = f"{path} cannot be read here ({exc.strerror})"
        raise UnusableFile(option, f"{why}: give a file that the site may read.") from exc


def _require_certificates(option: str, path: str) -> ssl.SSLContext:
    """Return a context that trusts the certificates in a file."""
    try:
        return ssl.create_default_context(cafile=path)
    except ssl.SSLError as exc:
        raise UnusableFile(option, f"{path} has no certificate in PEM form: give one.") from exc


def _load_identity(context: ssl.SSLContext, certificate: str, key: str) -> None:
    try:
        # With a password, though an empty one, OpenSSL does not ask for one on the terminal.
        context.load_cert_chain(certificate, key or None, password="")
    except ssl.SSLError as exc:
        if exc.reason == "KEY_VALUES_MISMATCH":
            why = f"{key or certificate} has the key of another certificate"
        else:
            why = f"{key or certificate} has no key in PEM form without a passphrase"
        raise UnusableFile(KEY, f"{why}: give the key that belongs to {CERTIFICATE}.") from exc


def _chain(exc: BaseException | None) -> Iterator[BaseException]:
    while exc is not None:
        yield exc
        exc = exc.__cause__ or exc.__context__
