"""The permission that each endpoint requires."""

import re
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from rest_framework.test import APIClient

from tests.api.endpoints import endpoints
from tests.factories import UserFactory

OPERATE = "workflows.operate_workflowrun"

NEEDED = {
    "GET /workflow-templates": "workflows.view_workflowtemplate",
    "POST /workflow-templates": "workflows.add_workflowtemplate",
    "GET /workflow-templates/<int:pk>": "workflows.view_workflowtemplate",
    "PUT /workflow-templates/<int:pk>": "workflows.change_workflowtemplate",
    "DELETE /workflow-templates/<int:pk>": "workflows.delete_workflowtemplate",
    "GET /workflow-templates/<int:pk>/versions": "workflows.view_workflowtemplate",
    "GET /workflow-templates/<int:pk>/versions/<int:number>": "workflows.view_workflowtemplate",
    "POST /workflow-templates/<int:pk>/versions/<int:number>/restore": (
        "workflows.change_workflowtemplate"
    ),
    "GET /workflow-templates/<int:pk>/policy": "workflows.view_workflowtemplate",
    "PATCH /workflow-templates/<int:pk>/policy": "workflows.change_workflowtemplate",
    "GET /workflow-runs": "workflows.view_workflowrun",
    "POST /workflow-runs": "workflows.add_workflowrun",
    "GET /workflow-runs/<int:pk>": "workflows.view_workflowrun",
    "PATCH /workflow-runs/<int:pk>": OPERATE,
    "GET /workflow-runs/<int:pk>/explain": "workflows.view_workflowrun",
    "GET /workflow-runs/<int:pk>/graph": "workflows.view_workflowrun",
    "POST /workflow-runs/<int:pk>/dispatch-ready": OPERATE,
    "POST /workflow-runs/<int:pk>/keep": OPERATE,
    "POST /workflow-runs/<int:pk>/let-go": OPERATE,
    "POST /workflow-runs/<int:pk>/label": OPERATE,
    "POST /workflow-runs/<int:pk>/note": OPERATE,
    "POST /workflow-runs/<int:pk>/pause": OPERATE,
    "POST /workflow-runs/<int:pk>/resume": OPERATE,
    "POST /workflow-runs/<int:pk>/abort": OPERATE,
    "POST /workflow-runs/<int:pk>/cancel-rest": OPERATE,
    "POST /workflow-runs/<int:pk>/retry": OPERATE,
    "GET /tasks": "workflows.view_task",
    "POST /tasks": "workflows.add_task",
    "GET /tasks/<int:pk>": "workflows.view_task",
    "GET /tasks/<int:pk>/log": "workflows.view_task",
    "POST /tasks/<int:pk>/ask": OPERATE,
    "POST /tasks/<int:pk>/cancel": OPERATE,
    "POST /tasks/<int:pk>/declare-lost": OPERATE,
    "POST /tasks/<int:pk>/retry": OPERATE,
    "POST /tasks/<int:pk>/retry-downstream": OPERATE,
    "POST /tasks/<int:pk>/mark-success": OPERATE,
    "POST /tasks/<int:pk>/hold": OPERATE,
    "POST /tasks/<int:pk>/release": OPERATE,
    "GET /approvals": "workflows.view_approval",
    "GET /approvals/<int:pk>": "workflows.view_approval",
    "POST /approvals/<int:pk>/approve": "workflows.decide_approval",
    "POST /approvals/<int:pk>/reject": "workflows.decide_approval",
    "GET /events": "workflows.view_event",
    "GET /events/<int:pk>": "workflows.view_event",
    "GET /exports/events": "workflows.view_event",
    "GET /exports/runs": "workflows.view_workflowrun",
    "GET /runners": "runners.view_runner",
    "POST /runners": "runners.add_runner",
    "GET /runners/<int:pk>": "runners.view_runner",
    "PATCH /runners/<int:pk>": "runners.change_runner",
    "DELETE /runners/<int:pk>": "runners.delete_runner",
}
LOGIN_ONLY = {"GET /schema"}
LEADS_TO_LOGIN = {"GET /docs"}
BY_ITS_OWN_TOKEN = {"POST /runner/tasks/<int:pk>/status"}
OPEN = {"GET /", "GET /healthz", "GET /readyz"}


def call(client: APIClient, endpoint: str) -> Any:
    method, path = endpoint.split(" ")
    return client.generic(method, re.sub("<int:[a-z]+>", "987654321", path))


@pytest.fixture
def bob(db: None) -> User:
    """Return a user without permissions."""
    return UserFactory.create(username="bob")


def allow(user: User, *names: str) -> APIClient:
    for name in names:
        app, codename = name.split(".")
        permission = Permission.objects.get(content_type__app_label=app, codename=codename)
        user.user_permissions.add(permission)
    client = APIClient()
    client.force_authenticate(User.objects.get(pk=user.pk))
    return client


def test_every_endpoint_has_its_permission_listed() -> None:
    assert sorted(endpoints()) == sorted(
        {*NEEDED, *LOGIN_ONLY, *LEADS_TO_LOGIN, *BY_ITS_OWN_TOKEN, *OPEN}
    )


@pytest.mark.parametrize("endpoint", [*NEEDED, *LOGIN_ONLY])
def test_anonymous_request_is_a_401(anonymous: APIClient, endpoint: str) -> None:
    answer = call(anonymous, endpoint)

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"] == "Token"


@pytest.mark.parametrize(("endpoint", "needed"), NEEDED.items())
def test_403_names_the_missing_permission(bob: User, endpoint: str, needed: str) -> None:
    others = sorted({*NEEDED.values()} - {needed})

    answer = call(allow(bob, *others), endpoint)

    detail = f"You do not have the permission {needed}."
    assert answer.status_code == 403
    assert answer.json() == {"detail": detail, "code": "permission_denied"}


@pytest.mark.parametrize(("endpoint", "needed"), NEEDED.items())
def test_that_one_permission_is_enough(bob: User, endpoint: str, needed: str) -> None:
    assert call(allow(bob, needed), endpoint).status_code not in {401, 403}


@pytest.mark.parametrize("endpoint", sorted(LOGIN_ONLY))
def test_the_document_needs_no_permission(bob: User, endpoint: str) -> None:
    assert call(allow(bob), endpoint).status_code == 200


@pytest.mark.parametrize("endpoint", sorted(LEADS_TO_LOGIN))
def test_html_pages_redirect_to_the_login(anonymous: APIClient, endpoint: str) -> None:
    answer = call(anonymous, endpoint)

    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/docs")


def test_root_redirects_to_the_admin(anonymous: APIClient) -> None:
    answer = anonymous.get("/")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")
