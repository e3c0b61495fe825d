"""Stale forms, large templates, permissions and deletion."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import (
    VIEW_ALL,
    ClientOf,
    add_url,
    list_url,
    messages_of,
    posted_form,
    step_rows,
    text_of,
    url_of,
)
from tests.factories import RunFactory, TemplateFactory
from tests.support.drawing import template_of
from workflows.admin.templates.steps import MOST_STEPS
from workflows.authoring.spec import parse_template
from workflows.authoring.store import replace_template, spec_of
from workflows.models import TemplateStep, WorkflowRun, WorkflowTemplate


def chain(steps: int) -> str:
    return " > ".join(f"s{number}" for number in range(steps))


def test_stale_form_is_refused_and_overwrites_nothing(
    root: Client, template: WorkflowTemplate
) -> None:
    form = posted_form(root, template)
    replace_template(template.pk, parse_template(template_of("x > y > z", name="Theirs")))

    page = root.post(url_of(template), {**form, "name": "Mine"})

    text = text_of(page)
    assert "you edited version 1, the latest is version 2" in text
    assert 'value="Mine"' in page.content.decode()  # what was typed is still there
    stored = WorkflowTemplate.objects.get()
    assert (stored.name, stored.version) == ("Theirs", 2)
    assert [step.step_id for step in spec_of(stored).steps] == ["x", "y", "z"]


def test_stale_form_is_refused_again_when_resent(root: Client, template: WorkflowTemplate) -> None:
    form = posted_form(root, template)
    replace_template(template.pk, parse_template(template_of("x")))
    root.post(url_of(template), form)

    assert "Somebody else saved" in text_of(root.post(url_of(template), form))


@pytest.mark.parametrize("version", ["", "x", "0", "-1"])
def test_form_without_its_version_is_refused(
    root: Client, template: WorkflowTemplate, version: str
) -> None:
    form = posted_form(root, template)

    page = root.post(url_of(template), {**form, "name": "Mine", "began_with": version})

    assert page.status_code == 200
    assert page.context["errors"]
    assert WorkflowTemplate.objects.get().version == 1


def test_saving_a_deleted_template_shows_a_message(
    root: Client, template: WorkflowTemplate
) -> None:
    form, address, template_id = posted_form(root, template), url_of(template), template.pk
    template.delete()

    answer = root.post(address, form)

    assert answer.status_code == 302
    assert f"ID “{template_id}” doesn" in messages_of(answer)[0][1]


@pytest.mark.slow
def test_form_of_most_steps_is_saved(root: Client) -> None:
    template = TemplateFactory.create(drawing=chain(MOST_STEPS))
    form = posted_form(root, template)

    answer = root.post(url_of(template), {**form, "steps-0-title": "Changed"})

    assert answer.status_code == 302
    assert WorkflowTemplate.objects.get().version == 2


def test_number_of_statements_does_not_grow_with_steps(root: Client) -> None:
    small = TemplateFactory.create(drawing=chain(2))
    large = TemplateFactory.create(drawing=chain(60))
    root.get(url_of(small))  # what is read once per process has been read
    with CaptureQueriesContext(connection) as few:
        root.get(url_of(small))

    with CaptureQueriesContext(connection) as many:
        root.get(url_of(large))

    assert len(many) == len(few) <= 12


@pytest.mark.slow
def test_too_many_steps_are_refused_with_advice(root: Client) -> None:
    rows = [{"step_id": f"s{number}"} for number in range(MOST_STEPS + 1)]

    page = root.post(add_url(WorkflowTemplate), {"name": "Large", **step_rows(*rows)})

    assert "takes at most 200 steps; import a file instead" in text_of(page)
    assert not WorkflowTemplate.objects.exists()


def test_template_too_large_for_the_form_is_shown_in_pages(root: Client) -> None:
    template = TemplateFactory.create(drawing=chain(1_000), payload={"python": "noop"})
    plain = {"plain": ""}
    root.get(url_of(template), plain)
    with CaptureQueriesContext(connection) as statements:
        first = root.get(url_of(template), plain)

    text = text_of(first)
    assert "With 1000 steps this template is too large to be edited here as a whole." in text
    assert "manage.py import_workflow" in text
    assert 's49 s49 s48 default {"python": "noop"} a day' in text
    assert "page 1 of 20" in text
    assert "s999" in text_of(root.get(url_of(template), {**plain, "page": "20"}))
    assert 'name="_save"' not in first.content.decode()
    assert len(statements) <= 8
    assert root.post(url_of(template), {"name": "x"}).status_code == 403


def test_viewer_sees_steps_without_form(viola: Client, template: WorkflowTemplate) -> None:
    page = viola.get(url_of(template))

    assert "b b a default" in text_of(page)
    assert 'name="steps-0-step_id"' not in page.content.decode()


def test_changing_a_template_needs_the_change_permission_only(
    client_of: ClientOf, viola: Client, template: WorkflowTemplate
) -> None:
    editor = client_of("edda", *VIEW_ALL, "workflows.change_workflowtemplate")
    form = {**posted_form(editor, template), "steps-0-title": "Changed"}

    assert viola.post(url_of(template), form).status_code == 403
    assert viola.post(add_url(WorkflowTemplate), form).status_code == 403
    assert WorkflowTemplate.objects.get().version == 1
    assert editor.post(url_of(template), form).status_code == 302
    assert WorkflowTemplate.objects.get().version == 2


def test_deleting_a_template_deletes_its_steps_and_keeps_its_runs(root: Client) -> None:
    template = TemplateFactory.create(drawing=chain(30))
    run = RunFactory.create(template=template)
    with CaptureQueriesContext(connection) as statements:
        page = root.get(url_of(template, "delete"))

    answer = root.post(url_of(template, "delete"), {"post": "yes"})

    text = text_of(page)
    assert f"Delete template {template.name} and its 30 steps and 1 version?" in text
    assert "Runs that were made of it stay" in text
    assert "Keep it" in text
    assert f">Delete template {template.name}</button>" in page.content.decode()
    assert len(statements) <= 9
    assert messages_of(answer)[0][0] == "success"
    assert not TemplateStep.objects.exists()
    assert WorkflowRun.objects.get().template_id is None
    assert run.tasks.count() == 30


def test_deleting_a_template_needs_the_delete_permission(
    viola: Client, template: WorkflowTemplate
) -> None:
    assert viola.post(url_of(template, "delete"), {"post": "yes"}).status_code == 403
    answer = viola.post(
        list_url(WorkflowTemplate),
        {"action": "delete_selected", "_selected_action": [template.pk], "post": "yes"},
    )
    assert answer.status_code in {200, 302}
    assert WorkflowTemplate.objects.exists()
