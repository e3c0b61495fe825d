"""What every answer tells browsers to refuse."""

import pytest
from django.test import Client

STRICT = "default-src 'self'"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/admin/login/", "/healthz", "/no-such-path", "/admin/no-such/"])
def test_every_answer_has_a_strict_policy(path: str) -> None:
    answer = Client().get(path)

    policy = answer["Content-Security-Policy"].split("; ")
    assert STRICT in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "camera=()" in answer["Permissions-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


def test_the_page_of_the_api_may_bring_styles_but_no_scripts(root: Client) -> None:
    policy = dict(
        part.split(" ", 1) for part in root.get("/docs")["Content-Security-Policy"].split("; ")
    )

    assert policy["default-src"] == "'self'"
    assert policy["style-src"] == "'self' 'unsafe-inline'"
    assert "script-src" not in policy
