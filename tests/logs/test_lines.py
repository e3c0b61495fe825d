"""A record is one line with its request's id, as text or as JSON, and without secrets."""

import json
import logging
import sys
from io import StringIO
from types import TracebackType
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory

from orchestrator import logs
from orchestrator.logs import JSONLine, StandardError, TextLine, masked, request_ids

Error = tuple[type[BaseException], BaseException, TracebackType | None]


def record(message: str, *, error: Error | None = None, **extra: Any) -> logging.LogRecord:
    """Return what a logger makes of its arguments."""
    logger = logging.getLogger("django.request")
    return logger.makeRecord(
        logger.name, logging.WARNING, "f.py", 1, message, (), error, extra=extra
    )


def a_fault() -> Error:
    """Return an exception with its traceback."""
    with pytest.raises(ValueError, match="hunter2") as caught:
        int("postgresql://ada:hunter2@host/name")
    return caught.type, caught.value, caught.tb


def test_text_has_the_time_and_what_was_added() -> None:
    said = TextLine().format(record("Not Found: /x", status_code=404, doing="a thing"))
    assert said.endswith('Z WARNING django.request: Not Found: /x status_code=404 doing="a thing"')


def test_message_with_line_breaks_is_one_line() -> None:
    said = TextLine().format(record("a\nb\r2026-11-29T00:00:00.000Z ERROR django: forged"))
    assert len(said.splitlines()) == 1


def test_json_is_one_line_with_its_traceback() -> None:
    said = JSONLine().format(record("wrong\nthing", error=a_fault(), status_code=500))
    [line] = said.splitlines()
    found = json.loads(line)
    assert found.keys() >= {"time", "level", "logger", "message", "status_code", "traceback"}
    assert found["status_code"] == 500
    assert "postgresql://********@host/name" in found["traceback"]


def test_text_has_the_traceback_below_its_line() -> None:
    first, *trace = TextLine().format(record("wrong", error=a_fault())).splitlines()
    assert first.endswith("wrong")
    assert trace[0] == "Traceback (most recent call last):"
    assert "hunter2" not in "".join(trace)


def test_refused_host_has_no_traceback() -> None:
    refused = record("Invalid HTTP_HOST header: 'x'.", error=a_fault())
    refused.name = "django.security.DisallowedHost"
    assert len(TextLine().format(refused).splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("redis://:hunter2@host/0", "redis://********@host/0"),
        ("GET /x?token=hunter2&page=2", "GET /x?token=********&page=2"),
        ("{'api_key': 'hunter2', 'n': 1}", "{'api_key': '********', 'n': 1}"),
        ("password=hunter2 host=db", "password=******** host=db"),
        ("Authorization: Token 0123456789abcdef", "Authorization: Token ********"),
        ("KeyError: 'steps'", "KeyError: 'steps'"),
        ("5 tokens: refused", "5 tokens: refused"),
    ],
)
def test_secrets_are_masked(text: str, shown: str) -> None:
    assert masked(text) == shown


def test_own_secrets_are_masked_wherever_they_stand(settings: Any) -> None:
    settings.SECRET_KEY = "this-is-the-secret-key-of-the-site"
    settings.SECRETS_KEYS = ["and-this-one-encrypts"]
    assert masked(f"{settings.SECRET_KEY} {settings.SECRETS_KEYS[0]}") == "******** ********"


def test_request_has_an_id_in_its_answer_and_in_its_lines(rf: RequestFactory) -> None:
    said = []

    def view(request: HttpRequest) -> HttpResponse:
        said.append(TextLine().format(record("Inside")))
        return HttpResponse()

    request = rf.get("/x")
    response = request_ids(view)(request)
    after = TextLine().format(record("After", request=request))
    number = response.headers["X-Request-ID"]
    assert said[0].endswith(f"Inside request_id={number}")
    assert after.endswith(f"After method=GET address=127.0.0.1 request_id={number}")
    assert logs.request_id.get() == ""


def test_user_is_named_if_it_is_known(rf: RequestFactory) -> None:
    request = rf.get("/x")
    request.user = User(username="ada")
    assert "user=ada" in TextLine().format(record("Forbidden: /x", request=request))


def test_lines_go_to_what_is_standard_error_now(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    handler = StandardError()
    monkeypatch.setattr(sys, "stderr", StringIO())
    handler.emit(record("Elsewhere"))
    monkeypatch.undo()
    handler.emit(record("Here"))
    assert capsys.readouterr().err == "Here\n"


@pytest.mark.parametrize(("level", "others"), [("debug", "INFO"), ("warning", "WARNING")])
def test_level_is_that_of_our_loggers_and_no_statement_is_logged(level: str, others: str) -> None:
    loggers = logs.configuration(level, "text")["loggers"]
    assert loggers["workflows"]["level"] == level.upper()
    assert loggers["django"]["level"] == others
