"""A view of a project with ATOMIC_REQUESTS that starts a run: it is there if the view succeeds."""

import pytest
from django.contrib.auth.models import User
from django.core.handlers.wsgi import WSGIRequest
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from pytest_django import Settings

from tests.factories import TemplateFactory
from tests.support.scripted import Script
from tests.support.verbs import states
from workflows.models import Event, WorkflowRun
from workflows.operations import InsideTransaction, dispatch_ready, start_run

pytestmark = pytest.mark.django_db(transaction=True)


class PaymentRefused(Exception):
    """What a view raises after it has started a run."""


def pay(request: WSGIRequest) -> HttpResponse:
    """Pay an order, and start what follows."""
    run = start_run("ship", {"order": 7}, by=request.user, auto_dispatch=True)
    submitted = states(run)
    if "refused" in request.GET:
        raise PaymentRefused
    return HttpResponse(f"{run.pk} {submitted}")


def impatient(request: WSGIRequest) -> HttpResponse:
    """Try to have a run dispatched before it is committed."""
    run = start_run("ship", {"order": 7}, by=request.user)
    try:
        dispatch_ready(run.pk, by=request.user)
    except InsideTransaction as exc:
        return HttpResponse(str(exc))
    return HttpResponse("dispatched")


urlpatterns = [path("pay", pay), path("impatient", impatient)]


@pytest.fixture
def client(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, script: Script, admin_user: User
) -> Client:
    settings.ROOT_URLCONF = __name__
    monkeypatch.setitem(connection.settings_dict, "ATOMIC_REQUESTS", True)
    TemplateFactory.create(name="ship", drawing="a > b")
    made = Client()
    made.force_login(admin_user)
    return made


def test_run_is_dispatched_after_the_view(client: Client, script: Script) -> None:
    answer = client.get("/pay").content.decode()
    run = WorkflowRun.objects.get()
    assert answer == f"{run.pk} {{'a': 'pending', 'b': 'pending'}}"
    assert (states(run), script.titles) == ({"a": "dispatched", "b": "pending"}, ["a"])
    assert {(e.actor, e.actor_via) for e in Event.objects.all()} == {("admin", "code")}


def test_view_that_raises_leaves_no_run(client: Client, script: Script) -> None:
    with pytest.raises(PaymentRefused):
        client.get("/pay?refused")
    assert not WorkflowRun.objects.exists()
    assert script.titles == []


def test_dispatch_in_the_view_is_refused_with_a_sentence(client: Client, script: Script) -> None:
    answer = client.get("/impatient").content.decode()
    assert "dispatch_ready was called inside a transaction; call it after that" in answer
    assert (states(WorkflowRun.objects.get()), script.titles) == (
        {"a": "pending", "b": "pending"},
        [],
    )
