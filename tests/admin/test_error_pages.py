"""Pages of errors have the look of the console, and lead on."""

from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from tests.admin.conftest import ClientOf


def text_of(answer: Any) -> str:
    return " ".join(strip_tags(answer.content.decode()).split())


def test_unknown_page_leads_to_the_dashboard(viola: Client) -> None:
    answer = viola.get("/admin/nowhere/")

    assert answer.status_code == 404
    assert "There is nothing here" in text_of(answer)
    html = answer.content.decode()
    assert 'href="/admin/">Back to the dashboard' in html
    assert "theme.css" in html


def test_forged_form_gets_a_page_without_inline_styles(db: None) -> None:
    forged = Client(enforce_csrf_checks=True)
    answer = forged.post("/admin/login/", {"username": "x", "password": "y"})

    assert answer.status_code == 403
    assert "Please send this again" in text_of(answer)
    assert "<style" not in answer.content.decode()


@pytest.mark.parametrize(
    ("address", "permission"),
    [
        ("/admin/auth/user/", "auth.view_user"),
        ("/admin/workflows/workflowtemplate/add/", "workflows.add_workflowtemplate"),
    ],
)
def test_refused_page_names_the_permission_and_who_can_give_it(
    client_of: ClientOf, address: str, permission: str
) -> None:
    client_of("kim", "auth.change_user")
    answer = client_of("blind").get(address)

    assert answer.status_code == 403
    assert permission in text_of(answer)
    assert "Who can add you to a group: kim" in text_of(answer)
