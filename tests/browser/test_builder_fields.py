"""The fields of a step in the drawer; mistakes are marked at their field."""

from datetime import timedelta

import pytest
from django.db.models import F
from playwright.sync_api import expect

from runners.django_tasks import find_task, frameworks
from tests.browser.builder import button, choose_kind, open_step, opened, saved, step
from tests.browser.conftest import Browse
from tests.factories import RunnerFactory, TemplateFactory
from tests.support.actors import who
from tests.support.verbs import dispatch_all, finish
from workflows.authoring.store import spec_of
from workflows.models import Task, WorkflowTemplate
from workflows.runs.creation import create_run

pytestmark = pytest.mark.django_db(transaction=True)

OFFER = ".completion [role=option]"
SCHEMA = {"properties": {"day": {"type": "string"}, "keep": {"type": "integer", "default": 7}}}


def test_every_field_of_a_step_is_saved_from_the_drawer(browse: Browse) -> None:
    RunnerFactory.create(name="gpu")
    template = TemplateFactory.create(drawing="a")
    page = opened(browse, template)
    open_step(page, "a")

    page.get_by_label("Title", exact=True).fill("Copy it")
    choose_kind(page, "Command")
    page.get_by_role("textbox", name="Command").fill("tar 'my file' {{ params.day }}")
    button(page, "One field for each argument").click()
    expect(page.get_by_label("Argument 1", exact=True)).to_have_value("my file")
    page.get_by_label("Argument 1", exact=True).fill("-czf\n{{ params.day }}.tgz")
    button(page, "All in one line").click()
    page.get_by_text("Directory and environment").click()
    page.get_by_label("Working directory").fill("/srv")
    button(page, "Add a variable").click()
    page.get_by_label("Environment: name 1").fill("LEVEL")
    page.get_by_label("Environment: value 1").fill("9")
    page.get_by_label("Runner", exact=True).select_option("gpu")
    page.get_by_label("At most").fill("1 min")
    page.get_by_label("Ask somebody first").check()
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert stored.payload == {
        "command": ["tar", "-czf\n{{ params.day }}.tgz", "{{ params.day }}"],
        "cwd": "/srv",
        "env": {"LEVEL": "9"},
    }
    assert (stored.title, stored.runner, stored.timeout_seconds) == ("Copy it", "gpu", 60)
    assert stored.requires_approval


def test_script_is_completed_from_the_last_run_and_made_safe(browse: Browse) -> None:
    template = TemplateFactory.create(
        drawing="count > tell", payload={"python": "noop"}, parameters_schema=SCHEMA
    )
    run = create_run(template_id=template.pk, parameters={"day": "monday"}, by=who("test"))
    dispatch_all(run)
    finish(run, "count", "success", result={"rows": 2502944})
    page = opened(browse, template)
    open_step(page, "tell")

    choose_kind(page, "Script")
    page.get_by_role("textbox", name="Script").press_sequentially("echo {{ tasks.count.result.r")
    expect(page.locator(OFFER)).to_have_text("tasks.count.result.rowsnumber · 2502944")
    expect(page.locator(".completion")).to_contain_text(f"values of run {run.pk}")
    page.keyboard.press("Tab")
    expect(page.locator(".script-warning")).to_be_visible()
    saved(page, 2)
    button(page, "Put it into environment variables").click()
    expect(page.locator(".script-warning")).to_be_hidden()
    saved(page, 3)

    stored = spec_of(WorkflowTemplate.objects.get()).steps[1]
    assert stored.payload == {
        "command": ["bash", "-euo", "pipefail", "-c", 'echo "${ROWS}"'],
        "env": {"ROWS": "{{ tasks.count.result.rows }}"},
    }


def test_drawer_tells_how_a_step_went_lately(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a", payload={"python": "noop"})
    for _ in range(5):
        run = create_run(template_id=template.pk, by=who("test"))
        dispatch_all(run)
        finish(run, "a", "success", result={"rows": 1})
    Task.objects.update(started_at=F("finished_at") - timedelta(seconds=38))
    page = opened(browse, template)
    open_step(page, "a")

    expect(page.locator(".drawer-foot")).to_contain_text("usual 38 s · failed 0 of 5")
    page.get_by_role("tab", name="Runs 5").click()
    expect(page.locator(".step-runs tr")).to_have_count(5)
    expect(page.locator(".left")).to_contain_text("result.rows number · 1")
    page.get_by_role("tab", name="Times").click()
    expect(page.locator(".step-bars rect")).to_have_count(5)


def test_steps_that_will_not_work_are_marked_and_walked_through(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a, b, c", payload={"python": "noop"})
    page = opened(browse, template)
    open_step(page, "b")
    page.get_by_role("textbox", name="Function").fill("nop")
    expect(step(page, "b")).to_have_attribute("aria-label", "b, unknown function")
    expect(page.locator(".builder-drawer .field-error:visible")).to_contain_text("did you mean")
    button(page, "Add step").click()
    expect(page.locator(".trouble")).to_have_text("2 steps will not work")

    button(page, "Next step that will not work").click()
    expect(page.get_by_label("Key", exact=True)).to_have_value("b")
    button(page, "Next step that will not work").click()
    expect(page.get_by_label("Key", exact=True)).to_have_value("step-1")
    expect(page.locator(".builder-status")).to_contain_text("step-1: payload: there is nothing")


def test_registered_functions_are_offered_with_their_description(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a"))
    open_step(page, "a")
    choose_kind(page, "Function")
    function = page.get_by_role("textbox", name="Function")

    function.press("Control+Space")
    expect(page.get_by_role("option", name="noop")).to_contain_text("Do nothing.")
    function.press("Escape")
    function.fill("constructor")
    expect(page.locator(".payload")).to_contain_text("No function of this name is registered here.")
    function.fill("tests.pid")
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert stored.payload == {"python": "tests.pid"}


@pytest.mark.skipif(not frameworks(), reason="needs Django 6.0 or the package django-tasks")
def test_task_of_django_is_drawn_with_arguments_in_order_and_by_name(browse: Browse) -> None:
    path = "tests.support.django_shop.tasks.export"
    find_task(path)  # as a view that queues it would
    page = opened(browse, TemplateFactory.create(drawing="a"))
    open_step(page, "a")
    choose_kind(page, "Django task")
    field = page.get_by_label("Task", exact=True)
    field.press_sequentially("tests.supp")
    expect(page.locator(OFFER).first).to_contain_text("Export the orders of a day.")
    field.press("Tab")
    expect(page.locator(".payload")).to_contain_text("Export the orders of a day.")
    button(page, "Add an argument in order").click()
    page.get_by_label("Argument 1").fill("{{ params.day }}")
    page.get_by_role("button", name="Add an argument", exact=True).click()
    page.get_by_label("Arguments by name: name 1").fill("limit")
    page.get_by_label("Arguments by name: value 1").fill("5")
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert stored.payload == {"task": path, "args": ["{{ params.day }}"], "kwargs": {"limit": 5}}


def test_typed_arguments_are_saved_with_their_json_type(browse: Browse) -> None:
    kwargs = {"text": "5", "number": 1.0, "big": 12345678901234567}
    payload = {"python": "tests.echo", "kwargs": kwargs}
    template = TemplateFactory.create(drawing="a", payload=payload)
    page = opened(browse, template)
    open_step(page, "a")

    expect(page.get_by_label("Arguments: value 1")).to_have_value('"5"')
    button(page, "Add an argument").click()
    page.get_by_label("Arguments: name 4").fill("more")
    page.get_by_label("Arguments: value 4").fill('{"a": [true, null]}')
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert repr(stored.payload["kwargs"]) == repr({**kwargs, "more": {"a": [True, None]}})


def test_invalid_json_payload_is_marked_at_its_field(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a", payload={"prompt": "x"})
    page = opened(browse, template)
    open_step(page, "a")
    area = page.get_by_label("Payload", exact=True)

    area.fill('{"prompt": }')
    expect(page.locator(".builder-drawer")).to_contain_text("Not valid JSON")
    expect(area).to_have_attribute("aria-invalid", "true")
    page.keyboard.press("Control+s")
    expect(page.locator(".builder-notice")).to_contain_text("Not saved")
    area.fill('{"prompt": "y", "kwargs": {"n": 1.0}}')
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert repr(stored.payload) == "{'prompt': 'y', 'kwargs': {'n': 1.0}}"


def test_invalid_field_of_the_template_is_marked_in_place(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a", payload={"python": "noop"})
    page = opened(browse, template)

    page.locator(".builder-head .title").click()
    page.get_by_label("Name:").fill("  ")
    page.keyboard.press("Control+s")
    expect(page.locator(".field-name .errorlist")).to_have_text("must not be blank")
    page.get_by_label("Name:").fill("Good")
    page.get_by_role("button", name="Parameters").click()
    page.get_by_text("As JSON").click()
    page.get_by_label("Parameters:").fill('{"type": 5}')
    page.keyboard.press("Control+s")
    expect(page.locator(".field-parameters_schema .errorlist")).to_contain_text("type: 5")
    page.get_by_label("Parameters:").fill("{")
    page.keyboard.press("Control+s")
    expect(page.locator(".field-parameters_schema .errorlist")).to_contain_text("Not valid JSON")


def test_designer_keeps_what_it_does_not_show(browse: Browse) -> None:
    schema = {
        "properties": {"n": {"type": "integer", "minimum": 1.0, "x-note": "keep"}},
        "additionalProperties": False,
    }
    template = TemplateFactory.create(
        drawing="a", payload={"python": "noop"}, parameters_schema=schema
    )
    page = opened(browse, template)
    page.get_by_role("button", name="Parameters").click()
    expect(page.locator(".builder-drawer")).to_contain_text("and kept: additionalProperties")
    page.locator(".parameter summary").click()
    expect(page.locator(".parameter")).to_contain_text("Also, and kept: minimum, x-note.")

    page.get_by_label("Default").fill("5")
    page.get_by_label("Name", exact=True).fill("count")
    page.get_by_label("Title", exact=True).fill("How many")
    expect(page.locator(".launch-preview")).to_contain_text("How many")
    saved(page, 2)

    stored = spec_of(WorkflowTemplate.objects.get()).parameters_schema
    definition = {**schema["properties"]["n"], "default": 5, "title": "How many"}  # type: ignore[index]
    assert repr(stored) == repr({**schema, "properties": {"count": definition}})


def test_parameter_that_is_added_takes_the_focus_beside_others(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a", payload={"python": "noop"})
    page = opened(browse, template)
    page.get_by_role("button", name="Parameters").click()
    for name in ("day", "region"):
        button(page, "Add a parameter").click()
        page.keyboard.type(name)
        page.keyboard.press("Tab")
    expect(page.locator(".launch-preview label")).to_have_text(["day", "region"])

    saved(page, 2)
    schema = WorkflowTemplate.objects.get(pk=template.pk).parameters_schema
    assert list(schema["properties"]) == ["day", "region"]
