"""A crash report, the debug page and a refused statement show no secret."""

from collections.abc import Iterator
from html import unescape
from typing import Any

import pytest
from django import VERSION
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.db.models.signals import post_save
from django.test import Client, RequestFactory
from django.views.debug import ExceptionReporter
from pytest_django import Settings

from tests.admin.test_launching import launch
from tests.execution.test_secrets import COMMAND, run_with
from tests.factories import UserFactory
from tests.support.secrets import VALUE
from workflows.models import WorkflowRun


class BrokenError(Exception):
    """What the tests raise where a run is stored."""


@pytest.fixture
def broken(db: None) -> Iterator[WorkflowRun]:
    """Return a run whose template cannot be started: an error is raised deep inside."""
    run = run_with(a=COMMAND)

    def fail(**_: Any) -> None:
        raise BrokenError("nothing can be stored")

    post_save.connect(fail, sender=WorkflowRun)
    yield run
    post_save.disconnect(fail, sender=WorkflowRun)


@pytest.fixture
def admin() -> Client:
    """Return a superuser's browser, to which errors are shown as to a person."""
    client = Client(raise_request_exception=False)
    client.force_login(UserFactory.create(is_staff=True, is_superuser=True))
    return client


def start(client: Client, run: WorkflowRun) -> Any:
    body = {"workflow_template_id": run.template_id, "parameters": {"token": VALUE}}
    return client.post("/workflow-runs", body, content_type="application/json")


@pytest.mark.parametrize("accepts", ["*/*", "application/json"])
def test_debug_page_shows_no_secret(
    broken: WorkflowRun,
    admin: Client,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    accepts: str,
) -> None:
    monkeypatch.setenv("DEPLOY_PASSPHRASE", VALUE)
    settings.DEBUG = True
    settings.CELERY_BROKER_URL = f"redis://:{VALUE}@localhost/0"
    settings.PUBLIC_BASE_URL = f"https://ada:{VALUE}@replica"
    admin.defaults |= {"HTTP_ACCEPT": accepts, "DEPLOY_PASSPHRASE": VALUE}

    page = start(admin, broken)

    assert page.status_code == 500
    text = unescape(page.content.decode())
    assert "BrokenError" in text
    assert "create_run" in text
    assert "https://********@replica" in text
    assert VALUE not in text
    assert f"{admin.session.session_key}" not in text


def test_debug_page_of_the_launch_form_shows_no_secret(
    broken: WorkflowRun, admin: Client, settings: Settings
) -> None:
    settings.DEBUG = True
    assert broken.template

    page = launch(admin, broken.template, token=VALUE)

    assert page.status_code == 500
    assert "BrokenError" in page.content.decode()
    assert VALUE not in page.content.decode()


def test_mail_to_admins_shows_no_secret(
    broken: WorkflowRun, admin: Client, settings: Settings
) -> None:
    address = "ada@example.org"
    settings.ADMINS = [address if VERSION >= (6, 0) else ("Ada", address)]

    start(admin, broken)

    [message] = mail.outbox
    assert "BrokenError" in f"{message.body}"
    assert VALUE not in f"{message.message()}"


def test_refused_row_is_quoted_without_its_secret(db: None) -> None:
    """PostgreSQL quotes the whole row in its error."""
    run = run_with(a=COMMAND)
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        WorkflowRun.objects.filter(pk=run.pk).update(state="unknown")
    reporter = ExceptionReporter(RequestFactory().get("/"), refusal.type, refusal.value, refusal.tb)
    for text in (str(refusal.value), reporter.get_traceback_text(), repr(run), f"{run}"):
        assert VALUE not in text
    assert VALUE not in repr(connection.queries)
