"""
What the processes log, and how: one line per record on standard error, as text or as JSON.

Passwords, tokens and keys are masked, as in the reports of errors. Each line that belongs to a
request has its id, which the answer has too: in the header X-Request-ID and in errors.
"""

import json
import logging
import re
import sys
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, TextIO
from uuid import uuid4

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils.functional import LazyObject, empty

from orchestrator.error_reports import HIDDEN, PASSWORD_IN_URL

LEVELS: tuple[str, ...] = ("info", "debug", "warning", "error")
FORMATS: tuple[str, ...] = ("text", "json")
OURS = ("orchestrator", "workflows", "runners")
PLAIN = {*vars(logging.makeLogRecord({})), "message", "asctime", "request", "server_time"}
"""What every record has; anything else was added by whoever logs, and is shown."""
NAMED_SECRET = re.compile(
    r"""(\b\w*(?:API_?KEY|CREDENTIAL|DSN|PASSW|SECRET|SESSION|SIGNATURE|TOKEN)\w*
    (?:=|["']\s*[:=]\s*)["']?)[^\s"'&,;)}\]]+""",
    re.IGNORECASE | re.VERBOSE,
)
CREDENTIALS = re.compile(r"(\b(?:Token|Bearer|Basic) )[\w+/=.~-]{12,}")
SHORTEST_SECRET = 6
"""Shorter values of settings are not looked for: they would mask ordinary words."""

request_id: ContextVar[str] = ContextVar("request_id", default="")

View = Callable[[HttpRequest], HttpResponseBase]


def configuration(level: str, form: str) -> dict[str, Any]:
    """Return the LOGGING of Django: everything to standard error, mails to ADMINS as ever."""
    ours = level.upper()
    others = "INFO" if level == "debug" else ours  # Django would log each SQL statement
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"debug_is_off": {"()": "django.utils.log.RequireDebugFalse"}},
        "formatters": {"line": {"()": JSONLine if form == "json" else TextLine}},
        "handlers": {
            "stderr": {"()": StandardError, "formatter": "line"},
            "mail_admins": {
                "class": "django.utils.log.AdminEmailHandler",
                "level": "ERROR",
                "filters": ["debug_is_off"],
            },
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "django": {"handlers": ["mail_admins"], "level": others},
            **{name: {"level": ours} for name in OURS},
        },
    }


def request_ids(get_response: View) -> View:
    """Give each request an id of its own, and say it in the answer."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        request.request_id = uuid4().hex[:16]  # type: ignore[attr-defined]
        token = request_id.set(request.request_id)  # type: ignore[attr-defined]
        try:
            response = get_response(request)
        finally:
            request_id.reset(token)
        response.headers["X-Request-ID"] = request.request_id  # type: ignore[attr-defined]
        return response

    return answer


def log_failed_login(credentials: Any, request: HttpRequest | None = None, **_: Any) -> None:
    """Log a failed login, with the name that was tried."""
    name = str(credentials.get("username", ""))[:150]
    extra = {"request": getattr(request, "_request", request)}  # of the API, Django's own
    logging.getLogger("orchestrator.logins").warning("Failed login as %r.", name, extra=extra)


class StandardError(logging.StreamHandler[TextIO]):
    """Writes to what is standard error at the moment: the slots of executors replace it."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the line of a record."""
        self.stream = sys.stderr
        super().emit(record)


class TextLine(logging.Formatter):
    """`2026-11-29T10:15:00.123Z WARNING django.request: Not Found: /x status=404 request_id=…`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record, and the lines of its traceback."""
        parts = _parts(self, record)
        trace = parts.pop("traceback", "")
        first = f"{parts.pop('time')} {parts.pop('level')} {parts.pop('logger')}: "
        first += str(parts.pop("message")).replace("\n", "\\n").replace("\r", "\\r")
        line = " ".join([first, *(f"{name}={_word(value)}" for name, value in parts.items())])
        return masked(f"{line}\n{trace}" if trace else line)


class JSONLine(logging.Formatter):
    """One JSON object in one line, its traceback in the field `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        parts = {
            name: value if isinstance(value, int | float | None) else masked(str(value))
            for name, value in _parts(self, record).items()
        }
        return json.dumps(parts, ensure_ascii=False)


def masked(text: str) -> str:
    """Hide passwords in addresses, what is named like a secret, and this installation's own."""
    for secret in _own_secrets():
        text = text.replace(secret, HIDDEN)
    text = PASSWORD_IN_URL.sub(HIDDEN, text)
    text = CREDENTIALS.sub(rf"\1{HIDDEN}", text)
    return NAMED_SECRET.sub(rf"\1{HIDDEN}", text)


def _own_secrets() -> set[str]:
    found = {settings.SECRET_KEY, *settings.SECRETS_KEYS, settings.CELERY_BROKER_URL}
    found |= {str(each.get("PASSWORD") or "") for each in settings.DATABASES.values()}
    return {secret for secret in found if len(secret) >= SHORTEST_SECRET}


def _parts(formatter: logging.Formatter, record: logging.LogRecord) -> dict[str, Any]:
    """Return what is said of a record, in order."""
    moment = datetime.fromtimestamp(record.created, UTC)
    request = getattr(record, "request", None)
    parts = {
        "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "level": record.levelname,
        "logger": record.name,
        "message": record.getMessage(),
        **{name: value for name, value in vars(record).items() if name not in PLAIN},
        **(_about(request) if isinstance(request, HttpRequest) else {}),
    }
    parts["request_id"] = getattr(request, "request_id", "") or request_id.get()
    # A host that is not allowed is in the message; scanners would fill the log with traces.
    if record.exc_info and record.exc_info[0] and not record.name.startswith("django.security"):
        parts["traceback"] = formatter.formatException(record.exc_info)
    return {name: value for name, value in parts.items() if value != ""}


def _about(request: HttpRequest) -> dict[str, Any]:
    """Return who asked for what, as far as that is known without asking the database."""
    from workflows.api.throttling import address_of  # it needs settings, of which this is a part

    user = vars(request).get("user")
    if isinstance(user, LazyObject) and user._wrapped is empty:
        user = None
    return {
        "method": request.method or "",
        "address": address_of(request),
        "user": user.get_username() if user else "",
    }


def _word(value: object) -> str:
    text = str(value)
    return text if re.fullmatch(r"[^\s\"=]+", text) else json.dumps(text, ensure_ascii=False)
