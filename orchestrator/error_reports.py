"""What Django's reports of errors show: the debug page, mails to ADMINS, and texts in logs."""

import datetime
import os
import re
import uuid
from collections.abc import ItemsView
from contextlib import suppress
from enum import Enum
from types import FrameType, NoneType
from typing import Any

from django.db.models import Model
from django.http import HttpRequest
from django.views.debug import SafeExceptionReporterFilter

HIDDEN = "********"
HIDDEN_NAMES = re.compile(
    "API|AUTH|BROKER|COOKIE|CREDENTIAL|DSN|KEY|PASS|SECRET|SESSION|SIGNATURE|TOKEN", re.IGNORECASE
)
PASSWORD_IN_URL = re.compile(r"(?<=://)[^/@\s]+(?=@)")
SHOWN = (bool, int, float, NoneType, uuid.UUID, datetime.date, datetime.timedelta, Enum, Model)
"""Types of local variables whose values are shown: none of them can hold a secret."""


class ErrorReportFilter(SafeExceptionReporterFilter):
    """
    Shows the names and types of local variables, but no texts and nothing that may contain one.

    Secrets pass through many functions. To mark each variable as sensitive, as Django offers it,
    would leave out those that somebody forgets; and with DEBUG it would have no effect.
    """

    cleansed_substitute = HIDDEN
    hidden_settings = HIDDEN_NAMES

    def is_active(self, request: HttpRequest | None) -> bool:
        """Return True also with DEBUG: its page is shown to whoever can reach the site."""
        return True

    def cleanse_setting(self, key: Any, value: Any) -> Any:
        """Hide settings by their names, and passwords in addresses."""
        shown = super().cleanse_setting(key, value)
        return PASSWORD_IN_URL.sub(HIDDEN, shown) if isinstance(shown, str) else shown

    def get_safe_request_meta(self, request: HttpRequest) -> dict[str, Any]:
        """Hide the environment, which runserver mixes with the headers."""
        meta = super().get_safe_request_meta(request)
        return {name: HIDDEN if name in os.environ else value for name, value in meta.items()}

    def get_safe_cookies(self, request: HttpRequest) -> dict[str, Any]:
        """Hide the values of all cookies."""
        return dict.fromkeys(super().get_safe_cookies(request), HIDDEN)

    def get_post_parameters(self, request: HttpRequest | None) -> dict[str, Any]:
        """Hide what was sent with a form."""
        return dict.fromkeys(super().get_post_parameters(request), HIDDEN)

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        """Hide the values of local variables."""
        return {name: _shown(value) for name, value in tb_frame.f_locals.items()}.items()


class Summary:
    """Stands in a report for a value that is not shown."""

    def __init__(self, value: object) -> None:
        """Keep nothing of it but its type."""
        self._type = type(value).__qualname__

    def __repr__(self) -> str:
        """Return the type's name."""
        return f"<{self._type}>"


def _shown(value: object) -> object:
    with suppress(Exception):  # a lazy object looks for its value, and may fail
        if isinstance(value, SHOWN):
            return value
    return Summary(value)
