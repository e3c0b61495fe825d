"""Drawing steps and dependencies of a template, with the mouse and with the keyboard."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from runners.models import Runner
from tests.admin.conftest import add_url
from tests.browser.axe import serious_violations
from tests.browser.builder import button, drag, name_step, opened, saved, step, steps_of
from tests.browser.conftest import NARROW, Browse
from tests.factories import TemplateFactory
from workflows.models import WorkflowRun, WorkflowTemplate

pytestmark = pytest.mark.django_db(transaction=True)


DIAMOND = {
    "extract": (),
    "clean": ("extract",),
    "audit": ("extract",),
    "load": ("clean", "audit"),
    "tell": ("load",),
}
SCHEMA = '{"properties": {"day": {"type": "string", "title": "Which day"}}, "required": ["day"]}'


def test_drawn_diamond_is_saved_and_launched_with_parameters(browse: Browse) -> None:
    page = browse(add_url(WorkflowTemplate))
    page.get_by_label("Name:").fill("Nightly")
    page.get_by_text("Parameters and rules").click()
    page.get_by_label("Parameters:").fill(SCHEMA)
    button(page, "Add a step").click()
    name_step(page, "extract")
    for name, parent in (("clean", "extract"), ("audit", "extract"), ("load", "clean")):
        drag(page, parent, (60, 150))
        name_step(page, name)
    drag(page, "audit", "load")
    drag(page, "load", (60, 120))
    name_step(page, "tell")
    button(page, "Save").click()
    expect(page.get_by_role("status")).to_have_text("Saved as version 1.")

    template = WorkflowTemplate.objects.get()
    assert (template.name, steps_of(template)) == ("Nightly", DIAMOND)
    page.get_by_role("link", name="Run…").click()
    page.get_by_label("Which day").fill("2026-01-31")
    button(page, "Run").click()
    page.wait_for_url(re.compile(r"/workflowrun/\d+/change/"))

    run = WorkflowRun.objects.get()
    assert (run.template_version, run.parameters) == (1, {"day": "2026-01-31"})
    assert set(run.tasks.values_list("step_id", flat=True)) == set(DIAMOND)


def test_cycle_is_shown_while_drawn_and_cannot_be_saved(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b > c")
    page = opened(browse, template)

    drag(page, "c", "a", drop=False)
    expect(page.get_by_role("status")).to_have_text("This would close a cycle: a → b → c → a")
    expect(page.locator('.edge[data-kind="wrong"]')).to_have_count(3)
    page.mouse.up()

    expect(page.locator(".builder-problems")).to_contain_text("Cycle: a → b → c → a")
    expect(page.locator(".vertex.kind-wrong")).to_have_count(3)
    button(page, "Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved: first correct what is marked.")
    button(page, "Undo").click()
    expect(page.locator(".vertex.kind-wrong")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert steps_of(template) == {"a": (), "b": ("a",), "c": ("b",)}


def test_unknown_dependency_is_drawn_as_missing_step(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a > b"))
    step(page, "b").click()
    page.get_by_label("Waits for").fill("nowhere")
    button(page, "Add the dependency").click()

    expect(page.locator(".vertex.kind-ghost")).to_have_attribute(
        "aria-label", "nowhere, no such step"
    )
    expect(page.locator(".builder-inspector")).to_contain_text("There is no step “nowhere”.")
    button(page, "Add a step").click()
    name_step(page, "nowhere")
    expect(page.locator(".vertex.kind-ghost")).to_have_count(0)
    expect(page.locator(".builder-problems li")).to_have_count(0)


def test_undo_restores_removed_dependencies_and_steps(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b > c")
    page = opened(browse, template)

    page.locator(".edge-hit").first.click(force=True)
    expect(page.locator(".builder-inspector")).to_contain_text("b waits for a.")
    button(page, "Remove the dependency").click()
    step(page, "c").click()
    button(page, "Delete this step").click()
    expect(step(page, "c")).to_have_count(0)
    saved(page, 2)
    assert steps_of(template) == {"a": (), "b": ()}

    button(page, "Undo").click()
    button(page, "Undo").click()
    saved(page, 3)
    assert steps_of(template) == {"a": (), "b": ("a",), "c": ("b",)}
    button(page, "Redo").click()
    saved(page, 4)
    assert steps_of(template) == {"a": (), "b": (), "c": ("b",)}


def test_renamed_step_keeps_its_downstream_steps(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b, c")
    page = opened(browse, template)
    step(page, "a").click()

    field = page.get_by_label("Step id", exact=True)
    field.press_sequentially("c")  # on its way the new id is that of another step
    field.fill("c")
    expect(page.locator(".builder-inspector")).to_contain_text("The id “c” is used twice.")
    field.fill("c-first")
    saved(page, 2)

    assert steps_of(template) == {"c-first": (), "b": ("c-first",), "c": ()}


def test_moving_a_step_in_the_list_changes_the_order_of_dispatch(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a, b, c")
    page = opened(browse, template)

    button(page, "Move c up").click()
    button(page, "Move c up").click()
    saved(page, 2)

    assert list(steps_of(template)) == ["c", "a", "b"]


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(150):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {wanted}")


def test_template_can_be_built_with_the_keyboard_alone(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a")
    page = opened(browse, template)

    tab_to(page, button(page, "Add a step"))
    page.keyboard.press("Enter")
    page.keyboard.type("b")
    tab_to(page, page.get_by_label("Waits for"))
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    expect(page.locator(".builder-canvas .edge")).to_have_count(1)
    tab_to(page, button(page, "Add a step after it"))
    page.keyboard.press("Enter")
    page.keyboard.type("c")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("status")).to_have_text("Saved as version 2.")
    assert steps_of(template) == {"a": (), "b": ("a",), "c": ("b",)}

    tab_to(page, step(page, "c"))
    page.keyboard.press("ArrowLeft")
    expect(step(page, "b")).to_be_focused()
    page.keyboard.press("Delete")
    expect(step(page, "b")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(step(page, "b")).to_have_count(1)
    tab_to(page, button(page, "Move c up"))
    page.keyboard.press("Enter")
    page.keyboard.press("Control+s")
    expect(page.get_by_role("status")).to_have_text("Saved as version 3.")
    assert list(steps_of(template)) == ["a", "c", "b"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_builder_has_no_serious_accessibility_violation(
    browse: Browse, local: Runner, scheme: str
) -> None:
    template = TemplateFactory.create(drawing="a > b > c", payload={"command": ["true", "x"]})
    page = opened(browse, template, color_scheme=scheme)
    assert serious_violations(page) == []

    drag(page, "c", "a")
    expect(page.locator(".builder-problems li")).to_have_count(1)
    button(page, "Save").click()

    assert serious_violations(page) == []


def test_builder_fits_a_narrow_window(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a > b"), viewport=NARROW)
    step(page, "a").click()

    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
