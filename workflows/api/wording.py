"""
The words for what is wrong with a request, where those of Django and its REST framework name no
remedy: one place for all fields, filters and refusals of the API.
"""

from contextlib import suppress
from typing import Any

from django import forms
from django.apps import apps
from django.conf import global_settings, settings
from django.core.exceptions import ValidationError
from django.shortcuts import resolve_url
from django.urls import NoReverseMatch
from rest_framework import serializers
from rest_framework.exceptions import (
    APIException,
    ErrorDetail,
    MethodNotAllowed,
    NotAcceptable,
    NotAuthenticated,
    PermissionDenied,
    UnsupportedMediaType,
)
from rest_framework.request import Request

from workflows.payloads.suggestions import meant_or_known

MOMENT = "write a moment as 2026-01-31T08:00:00Z"
PLUS = ", and a + in an address as %2B"
OBJECT = '{{"key": "value"}}'

FIELDS: dict[type[serializers.Field[Any, Any, Any, Any]], dict[str, str]] = {
    serializers.Field: {"null": "Must not be null: give a value, or leave an optional field out."},
    serializers.CharField: {"invalid": "Not a valid string: write a text in quotes."},
    serializers.IntegerField: {
        "invalid": "A valid integer is required: a whole number without quotes, such as 7."
    },
    serializers.BooleanField: {"invalid": "Must be a valid boolean: true or false, no quotes."},
    serializers.DateTimeField: {
        "invalid": f"Not a valid moment: {MOMENT}.",
        "overflow": "This moment is too far away.",
    },
    serializers.ListField: {
        "not_a_list": 'Expected a list, such as ["a", "b"] or [1, 2], but got type "{input_type}".',
        "empty": "This list may not be empty; leave the field out instead.",
    },
    serializers.DictField: {
        "not_a_dict": f'Expected an object, such as {OBJECT}, but got type "{{input_type}}".'
    },
}
"""What fields of bodies say, by their type and the code of the error."""

MADE_BY = "as made by manage.py create_api_token"
SEND_TOKEN = f"send the header 'Authorization: Token …', {MADE_BY}"
BY_BASIC = "send a user name and a password by HTTP Basic"
NO_CREDENTIALS = "Authentication credentials were not provided"
SCHEMES = {"bearer", "apikey", "api-key", "digest", "jwt", "key", "negotiate", "token:"}
"""With which words `Authorization` begins elsewhere; anything else may be the token itself."""
CREDENTIAL_REFUSED = (
    "Invalid token: it was mistyped, has expired or was deleted, or its user is not active. "
    "manage.py create_api_token makes a new one."
)
LOGIN_REFUSED = (
    "Invalid username/password. The password is that of this user, or one of their API tokens, "
    f"{MADE_BY}."
)


def reword(field: Any) -> None:
    """Give a field of a body our words."""
    for kind, texts in FIELDS.items():
        if isinstance(field, kind):
            field.error_messages = {**field.error_messages, **texts}
    if isinstance(field, serializers.ChoiceField):
        choices = ", ".join(map(str, field.choices)).replace("{", "{{").replace("}", "}}")
        text = f'"{{input}}" is not a valid choice; choose one of: {choices}.'
        field.error_messages["invalid_choice"] = text
    if child := getattr(field, "child", None):
        reword(child)


def form_errors(form: forms.Form) -> dict[str, list[str]]:
    """Return what is wrong with the filters of a list, by filter."""
    return {
        name: [text for error in errors for text in _of_filter(error, form.fields[name])]
        for name, errors in form.errors.as_data().items()
    }


def _of_filter(error: ValidationError, field: Any) -> list[str]:
    if error.code != "invalid_choice":
        return error.messages
    given = str((error.params or {}).get("value", ""))
    choices = [str(value) for value, _ in field.choices if value]
    several = " Give the filter once for each value." if "," in given else ""
    text = f"Select a valid choice. {given} is not one of them; {meant_or_known(given, choices)}."
    return [text + several]


def refusal_words(exc: APIException, request: Request | None, view: Any) -> str | None:
    """Return what to say instead of the framework's sentence; None if that is good enough."""
    match exc:
        case MethodNotAllowed():
            methods = [each for each in _methods(view) if each not in {"HEAD", "OPTIONS"}]
            return f"{exc.detail} This path takes {', '.join(methods)}." if methods else None
        case UnsupportedMediaType():
            wanted = "send JSON, with the header 'Content-Type: application/json'"
            return f"{str(exc.detail).removesuffix('.')}: {wanted}."
        case NotAcceptable():
            return f"{exc.detail} Answers are JSON: accept application/json."
        case NotAuthenticated():
            header = request.META.get("HTTP_AUTHORIZATION", "") if request else ""
            return f"{NO_CREDENTIALS}: {_login_hint(header)}."
        case PermissionDenied() if str(exc.detail).startswith("CSRF Failed"):
            return f"{exc.detail} Send the header '{csrf_header()}', or an API token instead."
    return None


def csrf_header() -> str:
    """Return the header that carries the CSRF token, as clients send it."""
    return settings.CSRF_HEADER_NAME.removeprefix("HTTP_").replace("_", "-")


def as_detail(text: str, exc: APIException) -> ErrorDetail:
    """Return a sentence with the code that an error has."""
    return ErrorDetail(text, getattr(exc.detail, "code", exc.default_code))


def _methods(view: Any) -> list[str]:
    return list(getattr(view, "allowed_methods", ()))


def _login_hint(header: str) -> str:
    if not apps.is_installed("knox"):
        return f"{BY_BASIC}, or log in{_at_login()}"
    scheme = header.partition(" ")[0]
    if scheme.lower() in SCHEMES:
        return f"write 'Authorization: Token …' instead of '{scheme} …', {MADE_BY}"
    if header:
        return f"the header Authorization must begin with 'Token ': {SEND_TOKEN}"
    return f"{SEND_TOKEN}, or log in{_at_login()}"


def _at_login() -> str:
    """Return where to log in, if the project says it; where its admin is may be a secret."""
    if settings.LOGIN_URL == global_settings.LOGIN_URL:
        return ""
    with suppress(NoReverseMatch):
        return f" at {resolve_url(settings.LOGIN_URL)}"
    return ""
