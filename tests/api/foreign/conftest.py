"""A project of somebody else: Django's own middleware, and URLs as each test wants them."""

import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any
from uuid import uuid4

import pytest
from django.http import HttpRequest, HttpResponse
from pytest_django import Settings

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
]

Mount = Callable[..., None]


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer as the project does."""
    return HttpResponse("a page of the project", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer as the project does."""
    return HttpResponse("a page of the project", status=500)


@pytest.fixture
def mount(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Mount:
    """Return what makes patterns the URLs of the project."""
    settings.MIDDLEWARE = MIDDLEWARE

    def make(*patterns: Any) -> None:
        module: Any = ModuleType(f"urls_{uuid4().hex}")
        module.urlpatterns, module.handler404, module.handler500 = [*patterns], not_found, failed
        monkeypatch.setitem(sys.modules, module.__name__, module)
        settings.ROOT_URLCONF = module.__name__

    return make
