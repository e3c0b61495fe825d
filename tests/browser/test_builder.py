"""Drawing steps and dependencies of a template, with the mouse and with the keyboard."""

import re

import pytest
from playwright.sync_api import expect

from runners.models import Runner
from tests.admin.conftest import add_url
from tests.browser.axe import serious_violations
from tests.browser.builder import (
    button,
    drag,
    name_step,
    open_step,
    opened,
    place,
    said,
    saved,
    step,
    steps_of,
    tab_to,
)
from tests.browser.conftest import Browse
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
LAYERS = ", ".join(f"a{n} > b{n} > c{n} > d{n} > e{n} > f{n} > g{n} > h{n}" for n in range(25))


def test_drawn_diamond_is_saved_and_launched_with_designed_parameters(browse: Browse) -> None:
    page = browse(add_url(WorkflowTemplate))
    expect(page.locator('.builder [aria-invalid="true"], .builder-notice:visible')).to_have_count(0)
    button(page, "New template").click()
    page.get_by_label("Name:").fill("Nightly")
    page.get_by_role("button", name="Parameters").click()
    button(page, "Add a parameter").click()
    page.get_by_label("Name", exact=True).fill("day")
    page.get_by_label("Title", exact=True).fill("Which day")
    page.get_by_label("Required").check()
    expect(page.locator(".launch-preview label.required")).to_have_text("Which day")
    button(page, "Add step").click()
    name_step(page, "extract")
    for name, parent in (("clean", "extract"), ("audit", "extract"), ("load", "clean")):
        drag(page, parent, (60, 150))
        name_step(page, name)
    drag(page, "audit", "load")
    drag(page, "load", (60, 120))
    name_step(page, "tell")
    expect(page.locator(".trouble")).to_have_text("5 steps will not work")
    page.keyboard.press("Control+s")
    said(page, "Saved as version 1.")

    template = WorkflowTemplate.objects.get()
    assert (template.name, steps_of(template)) == ("Nightly", DIAMOND)
    page.get_by_label("More").click()
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
    said(page, "This would close a cycle: a → b → c → a")
    expect(page.locator('.edge[data-kind="wrong"]')).to_have_count(3)
    page.mouse.up()

    expect(page.locator(".vertex.kind-wrong")).to_have_count(3)
    page.keyboard.press("Control+s")
    expect(page.locator(".builder-notice")).to_contain_text("Cycle: a → b → c → a")
    button(page, "Undo").click()
    expect(page.locator(".vertex.kind-wrong")).to_have_count(0)
    expect(page.locator(".builder-notice")).to_be_hidden()
    assert steps_of(template) == {"a": (), "b": ("a",), "c": ("b",)}


def test_unknown_dependency_is_drawn_as_missing_step(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a > b"))
    open_step(page, "b")
    button(page, "Add a dependency").click()
    page.get_by_label("Waits for", exact=True).fill("nowhere")
    button(page, "Add the dependency").click()

    expect(page.locator(".vertex.kind-ghost")).to_have_attribute(
        "aria-label", "nowhere, no such step"
    )
    expect(page.locator(".builder-drawer")).to_contain_text("There is no step “nowhere”.")
    button(page, "Add step").click()
    name_step(page, "nowhere")
    expect(page.locator(".vertex.kind-ghost")).to_have_count(0)


def test_undo_restores_removed_dependencies_and_steps(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b > c")
    page = opened(browse, template)

    page.locator(".edge-hit").first.click(force=True)
    expect(page.locator(".builder-drawer")).to_contain_text("b waits for a.")
    button(page, "Remove the dependency").click()
    open_step(page, "c")
    button(page, "Remove").click()
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
    template.steps.filter(step_id="b").update(payload={"command": ["echo", "{{ tasks.a.result }}"]})
    page = opened(browse, template)
    open_step(page, "a")

    field = page.get_by_label("Key", exact=True)
    field.press_sequentially("c")  # on its way the new key is that of another step
    field.fill("c")
    expect(page.locator(".builder-drawer")).to_contain_text("The key “c” is used twice.")
    field.fill("c-first")
    field.press("Tab")
    expect(page.get_by_text("Renamed in 1 place of other steps, too.")).to_be_visible()
    saved(page, 2)

    assert steps_of(template) == {"c-first": (), "b": ("c-first",), "c": ()}
    payload = template.steps.get(step_id="b").payload
    assert payload == {"command": ["echo", "{{ tasks['c-first'].result }}"]}


def test_template_can_be_built_with_the_keyboard_alone(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a")
    page = opened(browse, template)

    tab_to(page, button(page, "Add step"))
    page.keyboard.press("Enter")
    page.keyboard.type("b")
    tab_to(page, button(page, "Add a dependency"))
    page.keyboard.press("Enter")
    page.keyboard.type("a")
    page.keyboard.press("Enter")
    expect(page.locator(".builder-canvas .edge")).to_have_count(1)
    tab_to(page, button(page, "Add a step after it"))
    page.keyboard.press("Enter")
    page.keyboard.type("c")
    page.keyboard.press("Control+s")
    said(page, "Saved as version 2.")
    assert steps_of(template) == {"a": (), "b": ("a",), "c": ("b",)}


def test_drawing_is_walked_searched_and_ordered_with_the_keyboard_alone(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b > c")
    page = opened(browse, template)

    tab_to(page, step(page, "a"))
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Key", exact=True)).to_be_focused()
    page.keyboard.press("Escape")
    expect(step(page, "b")).to_be_focused()
    page.keyboard.press("Delete")
    expect(step(page, "b")).to_have_count(0)
    page.keyboard.press("Control+z")
    expect(step(page, "b")).to_have_count(1)
    page.keyboard.press("/")
    page.keyboard.type("c")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Key", exact=True)).to_have_value("c")
    page.locator('[data-tab="waits"]').press("Enter")
    button(page, "Move c up").press("Enter")
    page.keyboard.press("Control+s")
    said(page, "Saved as version 2.")
    assert list(steps_of(template)) == ["a", "c", "b"]


def test_several_steps_are_duplicated_and_copied_into_another_template(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b > c", payload={"python": "noop"})
    other = TemplateFactory.create(drawing="x", payload={"python": "noop"})
    page = opened(browse, template)
    page.keyboard.down("Shift")
    (left, top), (right, bottom) = place(step(page, "a")), place(step(page, "b"))
    page.mouse.move(left - 40, top - 60)
    page.mouse.down()
    page.mouse.move(right, bottom + 60, steps=4)
    page.mouse.up()
    page.keyboard.up("Shift")
    expect(page.locator(".builder-drawer h3")).to_have_text("2 steps")

    page.keyboard.press("Control+d")
    said(page, "2 steps added.")
    saved(page, 2)
    assert steps_of(template) == {"a": (), "b": ("a",), "c": ("b",), "a-2": (), "b-2": ("a-2",)}
    copied = page.evaluate(
        """() => {
            const data = new DataTransfer();
            document.dispatchEvent(new ClipboardEvent("copy", {clipboardData: data}));
            return data.getData("text/plain");
        }"""
    )
    there = opened(browse, other)
    there.evaluate(
        """text => {
            const data = new DataTransfer();
            data.setData("text/plain", text);
            document.dispatchEvent(new ClipboardEvent("paste", {clipboardData: data}));
        }""",
        copied,
    )
    saved(there, 2)
    assert steps_of(other) == {"x": (), "a-2": (), "b-2": ("a-2",)}


def test_large_template_opens_legible_and_its_steps_are_found(browse: Browse) -> None:
    template = TemplateFactory.create(drawing=LAYERS, payload={"python": "noop"})
    page = opened(browse, template)

    expect(page.locator(".scale")).to_have_text("100 %")
    title = step(page, "a0").first.locator(".title")
    assert title.evaluate("node => node.getBoundingClientRect().height") >= 11
    expect(page.locator(".minimap")).to_be_visible()
    canvas = page.locator(".builder-canvas").bounding_box()
    assert canvas is not None
    ends = (canvas["x"] + canvas["width"], canvas["y"] + canvas["height"])
    assert ends == pytest.approx((1440, 900), abs=1)

    page.goto(f"{page.url}#step=g0")
    expect(page.get_by_label("Key", exact=True)).to_have_value("g0")
    page.keyboard.press("/")
    page.keyboard.type("h24")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Key", exact=True)).to_have_value("h24")
    expect(step(page, "h24")).to_be_in_viewport()
    button(page, "Full screen").click()
    expect(page.locator("#builder")).to_have_css("position", "fixed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_builder_has_no_serious_accessibility_violation(
    browse: Browse, local: Runner, scheme: str
) -> None:
    template = TemplateFactory.create(drawing="a > b > c", payload={"command": ["true", "x"]})
    page = opened(browse, template, color_scheme=scheme)
    assert serious_violations(page) == []

    drag(page, "c", "a")
    expect(page.locator(".vertex.kind-wrong")).to_have_count(3)
    page.keyboard.press("Control+s")
    open_step(page, "b")
    assert serious_violations(page) == []
    page.get_by_role("button", name="Parameters").click()
    button(page, "Add a parameter").click()
    assert serious_violations(page) == []
    page.locator(".builder-head .title").click()
    assert serious_violations(page) == []
    button(page, "As text").click()
    assert serious_violations(page) == []
    page.get_by_label("More").click()
    button(page, "Order of dispatch").click()
    page.get_by_label("More").click()

    assert serious_violations(page) == []


@pytest.mark.parametrize("width", [768, 390])
def test_builder_fits_a_narrow_window(browse: Browse, width: int) -> None:
    template = TemplateFactory.create(drawing="a > b")
    page = opened(browse, template, viewport={"width": width, "height": 800})
    step(page, "a").click()

    expect(page.get_by_label("Key", exact=True)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
