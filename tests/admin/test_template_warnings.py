"""What is wrong with a template is shown on its page, and on the way to it after saving."""

from django.test import Client

from tests.admin.conftest import (
    VIEW_ALL,
    ClientOf,
    add_url,
    messages_of,
    step_rows,
    text_of,
    url_of,
)
from tests.factories import TemplateFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all, finish, task
from workflows.admin.templates.step_page import step_url
from workflows.models import TemplateStep, WorkflowTemplate

NOTHING_TO_DO = "step 'a': payload: there is nothing to do"
TYPO = {"payload": {"comand": ["ls"], "python": "noop"}}


def test_saved_form_warns_of_a_step_that_does_nothing(root: Client) -> None:
    data = {"name": "Sales", "description": "", **step_rows({"step_id": "a"})}
    page = root.post(add_url(WorkflowTemplate), data, follow=True)
    assert any(NOTHING_TO_DO in text for _, text in messages_of(page))


def test_plain_form_shows_warnings(root: Client) -> None:
    wrong, right = (
        TemplateFactory.create(drawing="a", payload=p) for p in ({}, {"python": "noop"})
    )
    assert f"will not work as it is: {NOTHING_TO_DO}" in text_of(root.get(url_of(wrong) + "?plain"))
    assert b'aria-label="Warnings"' not in root.get(url_of(right) + "?plain").content


def test_form_refuses_an_unknown_key_with_step_and_remedy(root: Client) -> None:
    rows = step_rows({"step_id": "a"}, {"step_id": "b", "payload": '{"comand": ["ls"]}'})
    page = root.post(add_url(WorkflowTemplate), {"name": "Sales", "description": "", **rows})
    assert "step 'b': payload.comand: unknown key; did you mean 'command'?" in text_of(page)
    assert not WorkflowTemplate.objects.exists()


def test_page_of_a_step_mends_it_while_another_is_wrong(root: Client) -> None:
    template = TemplateFactory.create(drawing="a, b", payload={"python": "noop"})
    TemplateStep.objects.update(**TYPO)
    mended = {"step_id": "a", "title": "A", "payload": '{"python": "noop"}', "began_with": 1}
    page = root.post(step_url(template.pk, "a"), mended, follow=True)
    assert "Step a is saved. The template is now version 2." in text_of(page)
    assert "as it is: step 'b': payload.comand: unknown key" in text_of(page)


def test_failed_task_links_to_its_step(root: Client, runs: DrawRun, client_of: ClientOf) -> None:
    run = runs("a > b", payload={"python": "noop"})
    dispatch_all(run)
    finish(run, "a", "failed", exit_code=3)
    pages = [url_of(task(run, "a")), url_of(task(run, "a")).replace("change/", "panel/")]
    link = f'<a href="{step_url(run.template_id or 0, "a")}"'
    for page in pages:
        assert link in root.get(page).content.decode()
        assert "Edit step a" not in text_of(client_of("viola" + page[-6:-1], *VIEW_ALL).get(page))
    assert "Edit step b" not in text_of(root.get(url_of(task(run, "b"))))
    TemplateStep.objects.filter(step_id="a").update(step_id="renamed")
    assert "Edit step a" not in text_of(root.get(pages[0]))
