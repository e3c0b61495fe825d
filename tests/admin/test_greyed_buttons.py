"""A button that would be refused is greyed out with its reason, or left out."""

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.html import strip_tags

from tests.admin.conftest import OPERATE, VIEW_ALL, ClientOf, act, text_of, url_of
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, task, walk
from workflows import operations
from workflows.models import Approval, WorkflowRun

BUTTON = re.compile(r"<button ([^>]*)>(.*?)</button>", re.DOTALL)
OPERATIONS = {"Retry", "Retry with downstream", "Mark success", "Cancel", "Approve", "Reject"}


def buttons(page: Any) -> tuple[list[str], dict[str, str]]:
    """Return the buttons that can be pressed, and the reasons of those that are greyed out."""
    offered, greyed = [], {}
    for attributes, content in BUTTON.findall(page.content.decode()):
        text = unescape(strip_tags(content)).strip(" \n…")
        label, _, reason = text.partition(" is not possible: ")
        if label in OPERATIONS and " disabled" in attributes:
            assert f'title="{reason[0].upper()}{reason[1:]}"' in unescape(attributes)
            assert 'type="button"' in attributes  # and nothing would be sent
            greyed[label] = reason
        elif label in OPERATIONS:
            offered.append(label)
    return offered, greyed


@pytest.fixture
def own(runs: DrawRun) -> WorkflowRun:
    """Return a run that dora created and may not decide on."""
    run = runs("a", requires_approval=True)
    WorkflowRun.objects.filter(pk=run.pk).update(created_by="dora", approver_must_differ=True)
    return run


@pytest.fixture
def dora(client_of: ClientOf) -> Client:
    """Act as dora, who may operate and decide."""
    return client_of("dora", "workflows.decide_approval", OPERATE, *VIEW_ALL)


@pytest.fixture
def bob(client_of: ClientOf) -> Client:
    """Act as bob, who may decide."""
    return client_of("bob", "workflows.decide_approval", *VIEW_ALL)


def test_creator_sees_why_somebody_else_must_decide(
    dora: Client, bob: Client, own: WorkflowRun
) -> None:
    approval = Approval.objects.get(task__run=own)
    why = f"{own} was created by dora; somebody else must decide"

    page = dora.get(url_of(approval))
    assert buttons(page) == ([], {})
    assert why.capitalize() in text_of(page)
    assert buttons(dora.get("/admin/")) == ([], {"Approve": why, "Reject": why})
    for address in (url_of(approval), "/admin/"):
        assert buttons(bob.get(address)) == (["Approve", "Reject"], {})
    assert f"It will be refused: {why}" in text_of(act(dora, "approve", [approval]))


def test_confirm_page_lists_effects_of_rows_that_are_not_refused(
    dora: Client, own: WorkflowRun, runs: DrawRun
) -> None:
    runs("b", requires_approval=True)

    text = text_of(act(dora, "approve", list(Approval.objects.order_by("pk"))))

    assert "What follows 1 task becomes ready at once: b " in text


def test_approval_of_canceled_task_is_not_offered(dora: Client, runs: DrawRun) -> None:
    run = runs("a", requires_approval=True)
    one = task(run, "a")
    operations.cancel(one.pk, by=who("test"))

    page = dora.get(url_of(Approval.objects.get(task=one)))

    assert buttons(page) == ([], {})
    assert f"Task {one.pk} is canceled." in text_of(page)


def test_decided_approval_has_no_buttons(dora: Client, runs: DrawRun) -> None:
    run = runs("a", requires_approval=True)
    approval = Approval.objects.get(task__run=run)
    operations.approve(approval.pk, by=who("test"))

    assert buttons(dora.get(url_of(approval))) == ([], {})


@pytest.mark.parametrize("page", ["change", "panel"])
def test_failed_task_of_aborted_run_shows_why_it_stays(
    olga: Client, runs: DrawRun, page: str
) -> None:
    run = runs("a, b")
    dispatch_all(run)
    finish(run, "a", "failed")
    operations.abort(run.pk, by=who("test"))

    offered, greyed = buttons(olga.get(url_of(task(run, "a"), page)))

    assert offered == []
    assert set(greyed) == {"Retry", "Retry with downstream", "Mark success"}
    assert set(greyed.values()) == {f"{run} is aborted"}


def test_retry_downstream_names_the_active_task_that_keeps_it_from_being_done(
    olga: Client, runs: DrawRun
) -> None:
    run = runs("a > b")
    walk(run, "a")
    dispatch_all(run)

    offered, greyed = buttons(olga.get(url_of(task(run, "a"))))

    why = f"task {task(run, 'b').pk} (b) is dispatched; cancel it first"
    assert (offered, greyed) == ([], {"Retry with downstream": why})


def test_who_may_not_operate_sees_no_greyed_buttons(viola: Client, own: WorkflowRun) -> None:
    operations.abort(own.pk, by=who("test"))

    for row in (own, task(own, "a"), Approval.objects.get(task__run=own)):
        assert buttons(viola.get(url_of(row))) == ([], {})
