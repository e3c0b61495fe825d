"""Fixtures of the API's tests."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from rest_framework.test import APIClient

from tests.factories import UserFactory


@pytest.fixture
def alice(db: None) -> User:
    """Return a superuser."""
    return UserFactory.create(username="alice", is_superuser=True)


@pytest.fixture
def api(alice: User) -> APIClient:
    """Return a client of the API that is logged in as alice."""
    client = APIClient()
    client.force_authenticate(alice)
    return client


@pytest.fixture
def anonymous(db: None) -> APIClient:
    """Return a client of the API without a login."""
    return APIClient()


def ids(answer: Any) -> list[int]:
    """Return the ids on a page of a list."""
    return [row["id"] for row in answer.json()["results"]]
