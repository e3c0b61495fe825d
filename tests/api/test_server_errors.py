"""What people and programs see when the site itself fails: never a traceback."""

import json

import pytest
from django.test import RequestFactory

from workflows.api.errors import server_error


def test_failure_of_the_api_is_json_without_details(rf: RequestFactory) -> None:
    answer = server_error(rf.get("/workflow-runs"))
    assert answer.status_code == 500
    assert json.loads(answer.content) == {"detail": "Internal server error.", "code": "error"}


@pytest.mark.django_db
def test_failure_of_the_admin_is_a_page(rf: RequestFactory) -> None:
    answer = server_error(rf.get("/admin/"))
    assert (answer.status_code, answer["Content-Type"]) == (500, "text/html; charset=utf-8")
