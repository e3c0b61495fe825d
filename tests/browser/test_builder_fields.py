"""The fields of a step beside the drawing; mistakes are marked at their field."""

import pytest
from playwright.sync_api import expect

from tests.browser.builder import button, opened, saved, step
from tests.browser.conftest import Browse
from tests.factories import RunnerFactory, TemplateFactory
from workflows.authoring.store import spec_of
from workflows.models import WorkflowTemplate

pytestmark = pytest.mark.django_db(transaction=True)


def test_every_field_of_a_step_is_saved_from_the_inspector(browse: Browse) -> None:
    RunnerFactory.create(name="gpu")
    template = TemplateFactory.create(drawing="a")
    page = opened(browse, template)
    step(page, "a").click()

    page.get_by_label("Title", exact=True).fill("Copy it")
    page.get_by_label("Kind").select_option("A command")
    page.get_by_label("Program", exact=True).fill("tar")
    button(page, "Add an argument").click()
    page.get_by_label("Argument 1").fill("-czf\n{{ params.day }}.tgz")
    page.get_by_label("Working directory").fill("/srv")
    button(page, "Add a variable").click()
    page.get_by_label("Environment: name 1").fill("LEVEL")
    page.get_by_label("Environment: value 1").fill("9")
    page.get_by_label("Runner").select_option("gpu")
    page.get_by_label("Timeout (s)").fill("60")
    page.get_by_label("Wait for somebody's approval").check()
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert stored.payload == {
        "command": ["tar", "-czf\n{{ params.day }}.tgz"],
        "cwd": "/srv",
        "env": {"LEVEL": "9"},
    }
    assert (stored.title, stored.runner, stored.timeout_seconds) == ("Copy it", "gpu", 60)
    assert stored.requires_approval


def test_registered_functions_are_offered_with_their_description(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a"))
    step(page, "a").click()
    page.get_by_label("Kind").select_option("A function")
    function = page.get_by_label("Function", exact=True)

    offered = page.locator(f"datalist#{function.get_attribute('list')} option[value='noop']")
    expect(offered).to_have_attribute("label", "Do nothing.")
    function.fill("noop")
    expect(page.locator(".payload")).to_contain_text("Do nothing.")
    function.fill("constructor")
    expect(page.locator(".payload")).to_contain_text("No function of this name is registered here.")
    function.fill("tests.pid")
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert stored.payload == {"python": "tests.pid"}


def test_typed_arguments_are_saved_with_their_json_type(browse: Browse) -> None:
    kwargs = {"text": "5", "number": 1.0, "big": 12345678901234567}
    payload = {"python": "tests.echo", "kwargs": kwargs}
    template = TemplateFactory.create(drawing="a", payload=payload)
    page = opened(browse, template)
    step(page, "a").click()

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
    step(page, "a").click()
    area = page.get_by_label("Payload", exact=True)

    area.fill('{"prompt": }')
    expect(page.locator(".builder-inspector")).to_contain_text("Not valid JSON")
    expect(area).to_have_attribute("aria-invalid", "true")
    button(page, "Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved")
    area.fill('{"prompt": "y", "kwargs": {"n": 1.0}}')
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert repr(stored.payload) == "{'prompt': 'y', 'kwargs': {'n': 1.0}}"


def test_invalid_field_of_the_template_is_marked_in_place(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a"))

    page.get_by_label("Name:").fill("  ")
    page.get_by_text("Parameters and rules").click()
    page.get_by_label("Parameters:").fill('{"type": 5}')
    button(page, "Save").click()

    expect(page.locator(".field-name .errorlist")).to_have_text("must not be blank")
    page.get_by_label("Name:").fill("Good")
    button(page, "Save").click()
    expect(page.locator(".field-parameters_schema .errorlist")).to_contain_text("type: 5")
    page.get_by_label("Parameters:").fill("{")
    button(page, "Save").click()
    expect(page.locator(".field-parameters_schema .errorlist")).to_contain_text("Not valid JSON")
