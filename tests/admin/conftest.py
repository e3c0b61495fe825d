"""Fixtures and helpers of the admin's tests."""

import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from html import unescape
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.contrib.messages import get_messages
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import strip_tags

from tests.factories import RunnerFactory, TemplateFactory, UserFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, start, walk
from workflows.models import Approval, Task, TaskAttempt, WorkflowRun, WorkflowTemplate

SEE = re.compile(' <a class="see".*?</a>')
"""Where a message leads."""
OPERATE = "workflows.operate_workflowrun"
VIEW_ALL = (
    "workflows.view_workflowtemplate",
    "workflows.view_workflowrun",
    "workflows.view_task",
    "workflows.view_taskattempt",
    "workflows.view_approval",
    "workflows.view_event",
    "runners.view_runner",
)

ClientOf = Callable[..., Client]


@pytest.fixture
def client_of(db: None) -> ClientOf:
    """Make clients: `client_of("viola", *VIEW_ALL)` is staff user viola with these permissions."""

    def make(username: str, *permissions: str, **fields: Any) -> Client:
        user: User = UserFactory.create(username=username, is_staff=True, **fields)
        for name in permissions:
            app, codename = name.split(".")
            found = Permission.objects.get(content_type__app_label=app, codename=codename)
            user.user_permissions.add(found)
        client = Client()
        client.force_login(user)
        return client

    return make


@pytest.fixture
def groups(db: None) -> None:
    """Make the groups of the migration again if a transactional test has emptied their table."""
    if not Group.objects.exists():
        name = "0019_workflow_groups"
        state = MigrationExecutor(connection).loader.project_state([("workflows", name)])
        migration = import_module(f"workflows.migrations.{name}")
        migration.make_groups(state.apps, SimpleNamespace(connection=connection))


@pytest.fixture
def root(client_of: ClientOf) -> Client:
    """Act as a superuser named root."""
    return client_of("root", is_superuser=True)


@pytest.fixture
def olga(client_of: ClientOf) -> Client:
    """Act as olga, who may view everything and operate runs."""
    return client_of("olga", OPERATE, *VIEW_ALL)


@pytest.fixture
def viola(client_of: ClientOf) -> Client:
    """Act as viola, who may view everything and change nothing."""
    return client_of("viola", *VIEW_ALL)


@pytest.fixture
def template(db: None) -> WorkflowTemplate:
    """Return a template of two steps."""
    template: WorkflowTemplate = TemplateFactory.create(drawing="a > b")
    return template


def list_url(model: type[Model]) -> str:
    """Return the address of a list."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


def add_url(model: type[Model]) -> str:
    """Return the address of the form of a new row."""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_add")


def url_of(row: Model, page: str = "change") -> str:
    """Return the address of a row's page."""
    meta = row._meta
    return reverse(f"admin:{meta.app_label}_{meta.model_name}_{page}", args=[row.pk])


def act(
    client: Client, name: str, rows: Sequence[WorkflowRun | Task | Approval], **data: Any
) -> Any:
    """Post an action of a list for some of its rows."""
    selected = [row.pk for row in rows]
    return client.post(
        list_url(type(rows[0])), {"action": name, "_selected_action": selected, **data}
    )


def confirm(
    client: Client,
    name: str,
    rows: Sequence[WorkflowRun | Task | Approval],
    reason: str = "",
    **data: Any,
) -> Any:
    """Post an action of a list and the answer to its question."""
    return act(client, name, rows, confirmed="1", reason=reason, **data)


def press(client: Client, run: WorkflowRun, how: str = "one") -> Any:
    """Press a button of a run's dispatch form."""
    return client.post(url_of(run, "dispatch"), {"how": how})


def messages_of(answer: Any) -> list[tuple[str, str]]:
    """Return the messages of an answer: their level and their text without links."""
    found = get_messages(answer.wsgi_request)
    return [(message.level_tag, strip_tags(SEE.sub("", str(message)))) for message in found]


def outcomes_of(answer: Any) -> list[tuple[str, str]]:
    """Return what the panel of an action on many rows says, line by line: a word, and why."""
    [panel] = get_messages(answer.wsgi_request)
    assert panel.extra_tags == "outcomes"
    lines = re.findall(r"<tr><td>(.*?)</td>.*?<td>([^\n]*)</td></tr>", str(panel), re.DOTALL)
    return [(strip_tags(word), unescape(strip_tags(text))) for word, text in lines]


def text_of(answer: Any) -> str:
    """Return what a page says, without its markup."""
    assert answer.status_code == 200
    spaced = re.sub("</(td|th|p|li|div|span|h2|pre)>", " ", answer.content.decode())
    return re.sub(r"\s+", " ", unescape(strip_tags(spaced)))


def step_rows(*steps: dict[str, Any], initial: int = 0) -> dict[str, Any]:
    """Return the rows of the form of steps, as a browser posts them."""
    data: dict[str, Any] = {"steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": initial}
    for number, step in enumerate(steps):
        data |= {f"steps-{number}-{name}": value for name, value in step.items()}
    return data


def posted_form(client: Client, template: WorkflowTemplate) -> dict[str, Any]:
    """Return what a browser posts if a template is opened and saved."""
    page = client.get(url_of(template), {"plain": ""})
    form = page.context["adminform"].form
    formset = page.context["inline_admin_formsets"][0].formset
    fields = [field for each in (form, formset.management_form, *formset) for field in each]
    values = {field.html_name: field.field.prepare_value(field.value()) for field in fields}
    # Browsers end lines with CR and LF.
    return {
        name: "" if value is None else str(value).replace("\n", "\r\n")
        for name, value in values.items()
    }


@pytest.fixture
def busy(runs: DrawRun) -> WorkflowRun:
    """Return a deadlocked run, beside one item of every other kind that needs attention."""
    RunnerFactory.create(name="gpu", is_enabled=False)
    runs("train", runner="gpu", name="training")
    runs("deploy", requires_approval=True, name="delivery")
    silent = runs("a, b", name="export")
    dispatch_all(silent)
    start(silent, "b")
    TaskAttempt.objects.update(
        dispatched_at=timezone.now() - timedelta(minutes=5),
        lease_expires_at=timezone.now() - timedelta(minutes=1),
    )
    walk(runs("a", name="done"), "a")
    run = runs("a > b > c", name="backup")
    dispatch_all(run)
    finish(run, "a", "failed", exit_code=2, message="exit code 2")
    return run
