"""Read settings from the environment; a wrong value stops the start with one clear line."""

import base64
import binascii
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import SplitResult, quote, urlsplit

import environ

from orchestrator.private_files import PrivateConnection, create_once

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}

KEY_BYTES = 32
KEYS_WANTED = "must be keys of 44 characters, separated by commas: see docs/settings.md."
HOST = re.compile(r"\*|\.?[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?|\[[0-9a-f:.]+\]", re.IGNORECASE)
HOSTS_WANTED = (
    "must be host names separated by commas, without https://, ports, paths and blanks, such as "
    "orchestrator.example.org"
)
ADDRESS_WANTED = "must look like https://orchestrator.example.org"
DEFAULT_PORTS = {"http": 80, "https": 443}
BROKERS = {"redis", "rediss", "amqp", "amqps"}

SQLITE_OPTIONS = {
    # Take the write lock when a transaction begins. A transaction that begins by reading and then
    # writes cannot wait for the lock: SQLite refuses it at once with "database is locked".
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    # Connecting waits for 4 s at most: a site must not stand still while somebody has locked the
    # whole database. Afterwards, requests have a limit of their own.
    "init_command": (
        "PRAGMA busy_timeout=4000; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
        "PRAGMA busy_timeout=20000;"
    ),
    "factory": PrivateConnection,
}

POSTGRESQL_OPTIONS = {
    # A connection prepares a statement once it has executed it five times.
    "server_side_binding": True,
    "prepare_threshold": 5,
    # A server that is gone without a word is noticed within seconds, not after minutes: while
    # connecting (to each of its addresses), while it owes an answer, and while nobody asks.
    "connect_timeout": 3,
    "tcp_user_timeout": 5_000,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
}


OWN_OPTIONS = {"server_side_binding", "prepare_threshold", "assume_role", "isolation_level", "pool"}
"""Options that Django or psycopg take, and libpq does not."""


MOST_DAYS = 36_500
MOST_LOG_MB = 100


def refuse(name: str, remedy: str) -> NoReturn:
    """Stop the process; name the variable and the remedy, never the value: it may be secret."""
    raise SystemExit(f"Wrong setting: {name} {remedy}")


def boolean(name: str, *, default: bool) -> bool:
    """Return True or False; refuse any other word instead of taking it for True."""
    word = os.environ.get(name, "").strip().lower()
    if not word:
        return default
    if word not in TRUE | FALSE:
        refuse(name, "must be one of 1, true, yes, on, 0, false, no, off.")
    return word in TRUE


def count(name: str, *, default: int) -> int:
    """Return a number from 0 to 99."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 3):
        refuse(name, "must be a number from 0 to 99.")
    return int(text)


def days(name: str, *, default: int) -> int:
    """Return a number of days, 0 to 36500."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 6 and int(text) <= MOST_DAYS):
        refuse(name, f"must be a number of days from 1 to {MOST_DAYS}, or 0: forever.")
    return int(text)


def megabytes(name: str, *, default: int) -> int:
    """Return a number of megabytes, 1 to 100."""
    text = os.environ.get(name, "").strip()
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= MOST_LOG_MB):
        refuse(name, f"must be a number of megabytes from 1 to {MOST_LOG_MB}.")
    return int(text)


def words(name: str, *, default: str = "") -> list[str]:
    """Return a comma-separated list."""
    return [word.strip() for word in os.environ.get(name, default).split(",") if word.strip()]


def folder(name: str, *, default: Path) -> Path:
    """Return an absolute path."""
    text = os.environ.get(name, "").strip()
    if text and not Path(text).is_absolute():
        refuse(name, "must be an absolute path.")
    if text and Path(text).is_file():
        refuse(name, "names a file: name a folder.")
    return Path(text) if text else default


def choice(name: str, *, among: Sequence[str]) -> str:
    """Return one of some words; the first of them is the default."""
    word = os.environ.get(name, "").strip().lower() or among[0]
    if word not in among:
        refuse(name, f"must be one of {', '.join(among)}.")
    return word


def hosts(name: str, *, default: str) -> list[str]:
    """Return a list of host names, as Django compares them with those of requests."""
    found = words(name, default=default) or words("", default=default)
    if not all(map(HOST.fullmatch, found)):
        refuse(name, HOSTS_WANTED)
    return found


def base_url(name: str, *, default: str) -> str:
    """Return an http(s) address as browsers write it: in lower case, with no slash at its end."""
    parts = _address(os.environ.get(name) or default)
    if parts is None:
        refuse(name, ADDRESS_WANTED)
    if parts.path.strip("/") or parts.query or parts.fragment or parts.username is not None:
        refuse(name, f"{ADDRESS_WANTED}: the site stands at the root of its host, at no path.")
    host = f"[{parts.hostname}]" if ":" in str(parts.hostname) else parts.hostname
    has_port = parts.port and parts.port != DEFAULT_PORTS[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{parts.port}" if has_port else "")


def _address(value: str) -> SplitResult | None:
    """Return the parts of an http(s) address; None if it is none."""
    try:
        parts = urlsplit(value)
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:  # an unclosed bracket, or a port that is not a number
        return None
    host = str(parts.hostname)
    is_complete = is_complete and (":" in host or bool(HOST.fullmatch(host)))
    return parts if is_complete and parts.scheme in DEFAULT_PORTS else None


def broker(name: str, *, default: str) -> str:
    """Return the address of the broker between the site and its Celery workers."""
    value = os.environ.get(name) or default
    try:
        parts = urlsplit(value)
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_complete = False
    if not is_complete or parts.scheme not in BROKERS:
        refuse(name, "must look like redis://host:6379/0 or amqp://user:password@host:5672/name")
    return value


def database(name: str, *, debug: bool, base_dir: Path) -> dict[str, Any]:
    """Return Django's settings for the database; SQLite paths are relative to the checkout."""
    url = os.environ.get(name)
    if not url and not debug:  # whoever forgot it would work on a database that nobody looks at
        refuse(name, "is required when DEBUG is off: name the database of this installation.")
    url = url or f"sqlite:///{quote(str(base_dir / 'db.sqlite3'))}"
    if not url.startswith(("sqlite:///", "postgres://", "postgresql://")):
        refuse(name, "must look like sqlite:///path or postgresql://user:password@host/name")
    try:
        config = environ.Env.db_url_config(url)
    except ValueError:
        refuse(name, "cannot be read; percent-encode special characters in the password.")
    if not config.get("NAME"):
        refuse(name, "does not name a database.")
    if config["NAME"] == ":memory:":
        refuse(name, "names no file: each process would have a database of its own.")
    if config["ENGINE"].endswith("sqlite3"):
        return {**config, "NAME": _file(name, base_dir / config["NAME"]), "OPTIONS": SQLITE_OPTIONS}
    options = POSTGRESQL_OPTIONS | config.get("OPTIONS", {})
    _check_options(name, options)
    if options["prepare_threshold"] == "None":  # from the URL: PgBouncer before 1.21 needs it
        options["prepare_threshold"] = None
    return {**config, "OPTIONS": options, "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}


def _check_options(name: str, options: dict[str, Any]) -> None:
    import psycopg  # not on SQLite, which needs none of it
    from psycopg import conninfo

    known = {option: value for option, value in options.items() if option not in OWN_OPTIONS}
    try:
        conninfo.make_conninfo(**known)
        conninfo.timeout_from_conninfo(known)
    except psycopg.Error:
        refuse(name, "has an option behind its ? that PostgreSQL does not take: remove it.")


def _file(name: str, path: Path) -> Path:
    if path.is_dir():
        refuse(name, "names a folder: name a file in it.")
    if not path.parent.is_dir():
        refuse(name, "names a file in a folder that does not exist: make the folder first.")
    return path


def secret_key(name: str, *, debug: bool, keep_in: Path) -> str:
    """Return the secret key; in development, generate one and keep it in a file outside git."""
    if key := os.environ.get(name):
        return key
    if not debug:
        refuse(name, "is required when DEBUG is off: set it to a long random text.")
    # If two processes start at once, one creates the key and both use it.
    key = secrets.token_urlsafe(50)
    return key if create_once(keep_in, key) else _kept_key(name, keep_in)


def keys(name: str) -> list[str]:
    """Return a list of keys for the encryption of stored secrets; none if it is unset or empty."""
    text = os.environ.get(name, "").strip()
    found = [word.strip() for word in text.split(",")] if text else []
    if not all(map(_is_key, found)):
        refuse(name, KEYS_WANTED)
    return found


def _is_key(word: str) -> bool:
    try:
        return len(base64.b64decode(word, altchars=b"-_", validate=True)) == KEY_BYTES
    except (binascii.Error, ValueError):
        return False


def _kept_key(name: str, path: Path) -> str:
    if key := path.read_text().strip():
        return key
    refuse(name, f"is unset and {path.name} is empty: delete that file.")
