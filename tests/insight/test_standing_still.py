"""Every state in which a run stands still has one sentence: in the API, the admin and commands."""

import re
from html import unescape
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from runners.models import Runner
from tests.admin.conftest import text_of
from tests.insight.standing_runs import ADA
from tests.insight.still import STILL
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, start
from workflows.insight.situation import situation_of, situations
from workflows.models import Approval, Task, WorkflowRun
from workflows.operations import catalog
from workflows.operations.catalog import Operation


def by_api(client: Client, run: WorkflowRun) -> list[str]:
    """Return the sentences of the API: one run, the list, explain."""
    paths = (f"/workflow-runs/{run.pk}", f"/workflow-runs/{run.pk}/explain")
    found = [client.get(path).json()["sentence"] for path in paths]
    listed = client.get("/workflow-runs").json()["results"]
    return [*found, *(each["sentence"] for each in listed if each["id"] == run.pk)]


@pytest.mark.parametrize("name", STILL)
def test_run_that_stands_still_says_the_same_true_sentence_everywhere(
    admin_client: Client, runs: DrawRun, local: Runner, name: str
) -> None:
    make, expected = STILL[name]
    run = make(runs)
    sentence = expected.format(run=run.pk)

    assert by_api(admin_client, run) == [sentence] * 3
    page = admin_client.get(f"/admin/workflows/workflowrun/{run.pk}/change/")
    statement = situation_of(WorkflowRun.objects.get(pk=run.pk)).statement
    assert sentence.startswith(statement.removesuffix("."))
    assert plain(page.context["run_sentence"]) == statement.replace("`", "")
    listed = admin_client.get("/admin/workflows/workflowrun/").context["cl"].result_list
    assert [each.situation.sentence for each in listed if each.pk == run.pk] == [sentence]
    attention = text_of(admin_client.get("/admin/"))
    assert (statement.replace("`", "") in attention) is (name in NEED_ATTENTION)


NEED_ATTENTION = {
    "paused and blocked",
    "last step failed",
    "several failed",
    "several canceled",
    "several failed, and others were canceled",
    "one failed and blocks, others failed",
    "failed and blocked",
    "failed and blocked, and others failed",
    "failed, and a person decides",
    "canceled, and a person decides",
    "set aside",
}
"""The states that the dashboard lists by run; it lists approvals and runners by themselves."""


@pytest.mark.parametrize("name", STILL)
def test_run_page_offers_what_the_sentence_suggests_once(
    admin_client: Client, runs: DrawRun, local: Runner, name: str
) -> None:
    run = STILL[name][0](runs)
    actions = admin_client.get(f"/workflow-runs/{run.pk}").json()["suggested_actions"]

    page = admin_client.get(f"/admin/workflows/workflowrun/{run.pk}/change/").content.decode()

    beside, _, after = page.partition('class="tab-line"')
    menu = after.partition("data-tab")[0]
    suggested = beside.partition('id="suggested"')[2].replace('class="button on-phone"', "")
    if actions:
        assert suggested.count('class="button') == min(3, len(actions))
    for each in actions:
        target, operation = each["target"], each["operation"]
        if target["type"] == "runner":
            assert f"/admin/runners/runner/{target['id']}/change/" in suggested
            continue
        name = "dispatch_all_ready" if operation == "dispatch_ready" else operation
        row = f'name="_selected_action" value="{target["id"]}"'
        place = f'action="{LISTS[target["type"]]}"'
        forms = [form for form in (suggested + menu).split("<form") if f'value="{name}"' in form]
        assert [row in form and place in form for form in forms].count(True) == 1


LISTS = {
    "run": "/admin/workflows/workflowrun/",
    "task": "/admin/workflows/task/",
    "approval": "/admin/workflows/approval/",
}

HELP = {
    "created": "dispatch_ready run, auto_dispatch_on run",
    "created, begins alone": "dispatch_ready run",
    "paused and blocked": "resume run, retry task, mark_success task, cancel_rest run",
    "several failed": "retry_failed run, " + ", ".join(["mark_success task"] * 3),
    "canceled, and a person decides": (
        "retry task, mark_success task, cancel_rest run, approve approval, reject approval"
    ),
    "approval": "approve approval, reject approval",
    "hold": "release task",
    "disabled": "enable runner",
    "nobody serves": "see runner, cancel task",
    "overdue": "declare_lost task",
    "paused": "resume run",
    "aborted": "",
    "asked to end": "declare_lost task",
    "last step failed": "retry task, mark_success task",
    "failed and blocked": "retry task, mark_success task, cancel_rest run",
    "failed and blocked, and others failed": (
        "retry_failed run, " + "mark_success task, " * 3 + "cancel_rest run"
    ),
    "runner was enabled": "dispatch_ready run",
    "failed, and a person decides": (
        "retry task, mark_success task, cancel_rest run, approve approval, reject approval"
    ),
    "set aside": "abort run",
}


@pytest.mark.parametrize("name", HELP)
def test_operations_that_help_are_given_as_data_and_are_possible(
    admin_client: Client, runs: DrawRun, local: Runner, name: str
) -> None:
    run = STILL[name][0](runs)

    actions = admin_client.get(f"/workflow-runs/{run.pk}").json()["suggested_actions"]

    assert ", ".join(f"{a['operation']} {a['target']['type']}" for a in actions) == HELP[name]
    for each in actions:
        if each["target"]["type"] != "runner":
            row = ROWS[each["target"]["type"]].objects.get(pk=each["target"]["id"])
            assert OPERATIONS[each["operation"]].check(row, ADA) is None


ROWS: dict[str, Any] = {"run": WorkflowRun, "task": Task, "approval": Approval}
OPERATIONS = {each.name: each for each in vars(catalog).values() if isinstance(each, Operation)}


@pytest.mark.parametrize("name", ["approval", "disabled", "failed, and a person decides", "full"])
def test_dispatch_ready_prints_the_sentence(runs: DrawRun, local: Runner, name: str) -> None:
    make, sentence = STILL[name]
    run, out = make(runs), StringIO()

    call_command("dispatch_ready", "--run", str(run.pk), stdout=out)

    assert f"workflow run {run.pk}: {sentence}" in out.getvalue()


def test_sentences_of_many_runs_take_as_many_statements_as_those_of_one(
    runs: DrawRun, local: Runner, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for make, _ in STILL.values():
        make(runs)
        Runner.objects.filter(pk=local.pk).update(capacity=None, is_enabled=True, is_default=True)
    everything = list(WorkflowRun.objects.all())
    with django_assert_num_queries(11):
        assert len(situations(everything)) == len(everything)


def test_run_that_works_is_not_called_stuck(runs: DrawRun, local: Runner) -> None:
    run = runs("a > b, c")
    dispatch_all(run)
    start(run, "a")
    run.refresh_from_db()
    assert situation_of(run).sentence == (
        "`a` is running on local; 1 task waits to be started; 1 task is to come."
    )


def plain(sentence: str) -> str:
    """Return a sentence of a page without its links."""
    return unescape(re.sub("<[^>]*>", "", sentence)).replace("`", "")
