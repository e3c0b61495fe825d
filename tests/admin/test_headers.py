"""The security headers of every response."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

STRICT = "default-src 'self'"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/healthz", "/no-such-path", "/admin/no-such/"])
def test_every_response_has_strict_security_headers(path: str) -> None:
    answer = Client().get(path)

    policy = answer["Content-Security-Policy"].split("; ")
    assert STRICT in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_api_docs_page_allows_inline_styles_but_no_inline_scripts(root: Client) -> None:
    policy = dict(
        part.split(" ", 1) for part in root.get("/docs")["Content-Security-Policy"].split("; ")
    )

    assert policy["default-src"] == "'self'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert "script-src" not in policy


def test_builder_sends_the_csrf_token_in_the_header_of_the_project(
    root: Client, settings: Settings
) -> None:
    settings.CSRF_HEADER_NAME = "HTTP_X_SHOP"
    page = root.get(reverse("admin:workflows_workflowtemplate_add")).content.decode()
    assert 'data-csrf-header="X-SHOP"' in page
