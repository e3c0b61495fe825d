"""Runs are created in the admin by the same operation as in the API."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoCaptureOnCommitCallbacks

from runners.models import Runner
from tests.admin.conftest import VIEW_ALL, ClientOf, add_url, text_of, url_of
from tests.support.verbs import states, trail
from workflows.models import Event, Task, WorkflowRun, WorkflowTemplate


def create(client: Client, **data: Any) -> Any:
    return client.post(add_url(WorkflowRun), data)


def test_new_run_is_expanded_and_its_page_opens(root: Client, template: WorkflowTemplate) -> None:
    answer = create(root, template=template.pk, parameters='{"day": "2026-01-31"}')

    run = WorkflowRun.objects.get()
    assert answer["Location"] == url_of(run)
    assert (run.parameters, run.auto_dispatch) == ({"day": "2026-01-31"}, True)
    assert run.initiated_by == "root"
    assert states(run) == {"a": "pending", "b": "pending"}
    assert trail(run, whole=True) == ["workflow_run.created", "task.created a", "task.created b"]
    assert set(Event.objects.values_list("actor", flat=True)) == {"root"}


def test_parameters_are_optional(root: Client, template: WorkflowTemplate) -> None:
    create(root, template=template.pk)

    assert WorkflowRun.objects.get().parameters == {}


def test_template_page_links_to_form_with_template_chosen(
    root: Client, template: WorkflowTemplate
) -> None:
    page = root.get(url_of(template)).content.decode()
    address = f"{reverse('admin:workflows_workflowrun_add')}?template={template.pk}"

    assert f'href="{address}"' in page
    assert root.get(address).context["adminform"].form["template"].value() == str(template.pk)


def test_form_names_a_missing_default_runner(
    root: Client, template: WorkflowTemplate, local: Runner
) -> None:
    address = f"{add_url(WorkflowRun)}?template={template.pk}"
    assert "There is no default runner" not in text_of(root.get(address))
    local.is_default = False
    local.save()

    warning = "There is no default runner for `a`, `b`. Make a runner the default one: until then,"
    assert warning in text_of(root.get(address))
    assert create(root, template=template.pk).status_code == 302
    assert states(WorkflowRun.objects.get()) == {"a": "pending", "b": "pending"}


@pytest.mark.parametrize(
    ("parameters", "why"),
    [
        ("[1]", "must be an object"),
        ('{"a": }', "Not valid JSON: line 1, column 7: Expecting value."),
        ('{"a": NaN}', "NaN is not a number in JSON"),
        ('{"a": 1e999}', "the number 1e999 is too large"),
        ('{"a": "\\u0000"}', "contains a NUL character"),
        ('{"a": "\\ud800"}', "contains a lone surrogate"),
        ('{"a": ' + "[" * 60 + "]" * 60 + "}", "nested deeper than 50 levels"),
        ('{"a": ' + "[" * 100_000, "nested too deeply"),
        ('{"a": ' + "1" * 5_000 + "}", "… is too long: at most 4,000 digits"),
    ],
)
def test_invalid_parameters_are_refused_at_their_field(
    root: Client, template: WorkflowTemplate, parameters: str, why: str
) -> None:
    page = create(root, template=template.pk, parameters=parameters)

    [error] = page.context["adminform"].form.errors["parameters"]
    assert why in error
    assert not WorkflowRun.objects.exists()


@pytest.mark.parametrize("pk", ["", "x", "987654", "9" * 30])
def test_unknown_template_is_refused_at_its_field(root: Client, pk: str) -> None:
    page = create(root, template=pk)

    assert page.context["adminform"].form.errors["template"]
    assert not WorkflowRun.objects.exists()


def test_template_without_steps_is_refused_with_the_reason(root: Client) -> None:
    empty = WorkflowTemplate.objects.create(name="Empty")

    page = create(root, template=empty.pk)

    assert f"workflow template {empty.pk} has no steps" in text_of(page)
    assert [model.objects.count() for model in (WorkflowRun, Event, Task)] == [0, 0, 0]


def test_creating_a_run_needs_the_add_permission(
    client_of: ClientOf, viola: Client, template: WorkflowTemplate
) -> None:
    adder = client_of("anna", "workflows.add_workflowrun", *VIEW_ALL)

    assert create(viola, template=template.pk).status_code == 403
    assert not WorkflowRun.objects.exists()
    assert "Run…" not in viola.get(url_of(template)).content.decode()
    assert create(adder, template=template.pk).status_code == 302
    assert WorkflowRun.objects.get().initiated_by == "anna"


@pytest.mark.parametrize(("button", "begins"), [("_save", True), ("_create", False)])
def test_run_begins_at_once_unless_it_is_only_created(
    root: Client,
    template: WorkflowTemplate,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    button: str,
    begins: bool,
) -> None:
    page = root.get(add_url(WorkflowRun), {"template": template.pk}).content.decode()
    assert f'name="{button}"' in page

    with django_capture_on_commit_callbacks(execute=True):
        create(root, template=template.pk, **{button: "1"})

    run = WorkflowRun.objects.get()
    assert (run.auto_dispatch, run.state) == ((True, "running") if begins else (False, "created"))


def test_auto_dispatch_is_switched_on_the_page_of_the_run(
    root: Client, template: WorkflowTemplate
) -> None:
    create(root, template=template.pk, _create="1")
    run = WorkflowRun.objects.get()
    for name, label, wanted in (
        ("auto_dispatch_on", "Let it go on…", True),
        ("auto_dispatch_off", "Goes on by itself", False),
    ):
        page = text_of(root.get(url_of(run)))
        assert label in page
        data = {"action": name, "_selected_action": [run.pk], "confirmed": "1"}
        root.post(reverse("admin:workflows_workflowrun_changelist"), data)
        run.refresh_from_db()
        assert run.auto_dispatch is wanted
