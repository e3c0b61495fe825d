"""Fixtures of the tests of webhooks."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests.factories import TemplateFactory
from tests.webhooks.bodies import SECRET
from workflow_triggers.models import Webhook
from workflow_triggers.operations.webhooks import create_webhook
from workflows.models.actor import Actor

ANNA = Actor("7", "anna", "web")
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "sha": {"type": "string"},
        "commits": {"type": "integer"},
        "day": {"type": "string", "format": "date"},
        "token": {"type": "string", "writeOnly": True},
    },
}

Made = tuple[Webhook, str]
Make = Callable[..., Made]


@pytest.fixture
def hook(db: None) -> Make:
    """Make a webhook of a template; return it and the token of its address."""

    def make(*, schema: dict[str, Any] | None = None, **values: Any) -> Made:
        template = TemplateFactory.create(drawing="a", parameters_schema=schema or SCHEMA)
        settings = {"name": "push", "secret": SECRET, **values}
        return create_webhook(template.pk, settings, by=ANNA)

    return make


def post(
    token: str, body: bytes = b"{}", headers: dict[str, str] | None = None, **more: Any
) -> Any:
    """Deliver something, from an address of its own."""
    kind = more.pop("content_type", "application/json")
    path = f"/hooks/{token}{more.pop('query', '')}"
    client = Client(REMOTE_ADDR=more.pop("address", "10.0.0.9"), headers=headers or {})
    return client.post(path, body, content_type=kind)
