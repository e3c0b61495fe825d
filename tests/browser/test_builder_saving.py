"""Saving in the builder: one request stores the template, and nothing loses what was drawn."""

import json
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from tests.admin.conftest import add_url, url_of
from tests.browser.builder import (
    button,
    name_step,
    open_step,
    opened,
    said,
    saved,
    step,
    steps_of,
)
from tests.browser.conftest import Browse, administrator, session_of
from tests.factories import RunnerFactory, TemplateFactory
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, spec_of
from workflows.models import WorkflowTemplate

pytestmark = pytest.mark.django_db(transaction=True)


STRANGE = {
    "name": "Strange",
    "description": "first\nsecond\n",
    "approver_must_differ": True,
    "parameters_schema": {"properties": {"x": {"default": 1.0}}},
    "steps": [
        {
            "step_id": " a ",
            "title": "t ",
            "payload": {"kwargs": {"x": 1.0, "y": "a\r\nb", "é": [None, {}]}},
        },
        {
            "step_id": "A, b",
            "title": " B",
            "depends_on": [" a "],
            "payload": {"kwargs": {"x": 10**16 + 1}},
        },
        {"step_id": "“→”", "title": "</script>", "depends_on": ["A, b", " a "]},
    ],
}


def test_saving_without_changes_makes_no_new_version(browse: Browse) -> None:
    template = create_template(parse_template(STRANGE))
    page = opened(browse, template)

    button(page, "Save").click()
    said(page, "Nothing has changed.")

    assert WorkflowTemplate.objects.get(pk=template.pk).version == 1


def test_draft_survives_a_reload_and_is_discarded_on_request(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b", payload={"python": "noop"})
    page = opened(browse, template)
    button(page, "Add step").click()
    name_step(page, "mine")
    expect(page.locator(".draft-pill")).to_have_text("draft, kept here just now")
    page.reload()

    expect(step(page, "mine")).to_be_visible()
    said(page, "Your draft is here again.")
    button(page, "Discard…").click()
    button(page, "Discard the draft").click()
    expect(step(page, "mine")).to_have_count(0)
    expect(page.locator(".draft-pill")).to_be_hidden()
    assert steps_of(template) == {"a": (), "b": ("a",)}


def test_tab_says_when_another_one_keeps_its_draft(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a"))
    pill, kept = page.locator(".draft-pill"), "draft, kept here just now"
    button(page, "Add step").click()
    name_step(page, "mine")
    expect(pill).to_have_text(kept)
    other = page.context.new_page()
    other.goto(page.url)
    expect(step(other, "mine")).to_be_visible()
    expect(pill).to_have_text(kept)

    button(other, "Add step").click()
    expect(other.locator(".draft-pill")).to_have_text(kept)
    expect(pill).to_have_text("draft, not kept: another tab has this template, too")
    name_step(page, "again")
    expect(pill).to_have_text(kept)


def test_session_that_ends_while_drawing_loses_nothing(
    browse: Browse, live_server: LiveServer
) -> None:
    template = TemplateFactory.create(drawing="a", payload={"python": "noop"})
    page = opened(browse, template, provoked="status of 403")
    button(page, "Add step").click()
    name_step(page, "mine")
    Session.objects.all().delete()

    page.keyboard.press("Control+s")
    dialog = page.get_by_role("dialog", name="You are logged out")
    expect(dialog.get_by_role("link", name="Log in…")).to_have_attribute("target", "_blank")
    # As a login in another tab does: another session, and another token.
    key = session_of(administrator())
    page.context.add_cookies([{"name": "sessionid", "value": key, "url": live_server.url}])
    page.context.clear_cookies(name="csrftoken")

    said(page, "Saved as version 2.")
    expect(dialog).to_have_count(0)
    assert list(steps_of(template)) == ["a", "mine"]


def test_second_author_is_warned_and_can_still_save(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b")
    mine, theirs = opened(browse, template), opened(browse, template)
    button(theirs, "Add step").click()
    name_step(theirs, "theirs")
    saved(theirs, 2)

    button(mine, "Add step").click()
    name_step(mine, "mine")
    button(mine, "Save as v2").click()
    expect(mine.get_by_role("alert")).to_contain_text("somebody else has saved version 2")
    expect(step(mine, "mine")).to_be_visible()
    assert "mine" not in steps_of(template)
    expect(mine.get_by_role("link", name="See what they changed")).to_have_attribute(
        "href", f"/admin/workflows/workflowtemplate/{template.pk}/versions/2/?against=1"
    )

    button(mine, "Save mine as version 3").click()
    said(mine, "Saved as version 3.")
    assert list(steps_of(template)) == ["a", "b", "mine"]


def test_refusal_by_the_server_links_to_its_step(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a, b", payload={"python": "noop"})
    gpu = RunnerFactory.create(name="gpu")
    page = opened(browse, template)
    open_step(page, "b")
    page.get_by_label("Runner", exact=True).select_option("gpu")
    gpu.delete()
    open_step(page, "a")

    page.keyboard.press("Control+s")
    button(page, "step 'b': runner: there is no runner named 'gpu'; known: local").click()

    expect(page.get_by_label("Key", exact=True)).to_have_value("b")
    assert WorkflowTemplate.objects.get().version == 1


def test_imported_file_is_drawn_and_stored_only_when_saved(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a")
    page = opened(browse, template)
    steps = b"[{step_id: x, title: X}, {step_id: y, title: Y, depends_on: [x]}]"

    def choose(content: bytes) -> None:
        file: Any = {"name": "new.yaml", "mimeType": "application/yaml", "buffer": content}
        page.get_by_label("YAML or JSON").set_input_files(file)
        button(page, "Import").click()

    page.get_by_label("More").click()
    button(page, "Import…").click()
    choose(b"name: x\nsteps: [{step_id: a, title: A, depends_on: [b]}]")
    expect(page.get_by_role("dialog")).to_contain_text("step 'a' depends on unknown step 'b'")
    choose(b"name: other\nsteps: " + steps)
    expect(step(page, "y")).to_be_visible()
    assert steps_of(template) == {"a": ()}
    saved(page, 2)
    assert steps_of(template) == {"x": (), "y": ("x",)}


def test_text_that_is_taken_over_is_drawn_from_its_beginning(browse: Browse) -> None:
    page = browse(add_url(WorkflowTemplate))
    steps = [{"step_id": f"s{n}", "depends_on": [f"s{n - 1}"] if n else []} for n in range(6)]
    button(page, "As text").click()
    page.get_by_label("The template as JSON").fill(json.dumps({"name": "x", "steps": steps}))
    button(page, "Take it over").click()

    expect(step(page, "s0")).to_be_in_viewport()
    expect(step(page, "s5")).to_have_count(0)  # behind the drawer
    page.keyboard.press("Escape")
    expect(step(page, "s5")).to_be_in_viewport()


def test_plain_form_edits_a_template_without_javascript(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b")
    page = browse(url_of(template), java_script_enabled=False)
    page.wait_for_url("**/?plain")

    page.locator("#id_steps-1-title").fill("Second")
    page.get_by_role("button", name="Save", exact=True).click()

    assert spec_of(WorkflowTemplate.objects.get()).steps[1].title == "Second"


def test_builder_links_to_the_plain_form(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a > b"))

    page.get_by_label("More").click()
    page.get_by_role("link", name="Plain form").click()
    expect(page.locator("#id_steps-0-step_id")).to_have_value("a")
    page.get_by_role("link", name="Builder").click()
    expect(step(page, "b")).to_be_visible()
