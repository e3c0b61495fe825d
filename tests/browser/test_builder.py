"""Templates are drawn: steps and dependencies, with the mouse, and stored by one request."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from runners.models import Runner
from tests.admin.conftest import add_url, url_of
from tests.browser.axe import grave_violations
from tests.browser.conftest import NARROW, Browse
from tests.factories import RunnerFactory, TemplateFactory
from workflows.authoring import create_template, replace_template, spec_of
from workflows.models import WorkflowRun, WorkflowTemplate
from workflows.spec import parse_template

pytestmark = pytest.mark.django_db(transaction=True)


def step(page: Page, step_id: str) -> Locator:
    return page.locator(f'.builder-canvas [role="button"][aria-label^="{step_id}"]')


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True)


def place(found: Locator) -> tuple[float, float]:
    box = found.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, step_id: str, to: str | tuple[float, float], *, drop: bool = True) -> None:
    """Drag from the dot of a step to another one, or so far from it to where nothing is."""
    page.locator(".builder-canvas").scroll_into_view_if_needed()
    x, y = place(step(page, step_id).locator(".handle"))
    page.mouse.move(x, y)
    page.mouse.down()
    target = place(step(page, to)) if isinstance(to, str) else (x + to[0], y + to[1])
    page.mouse.move(*target, steps=5)
    if drop:
        page.mouse.up()


def name_step(page: Page, step_id: str) -> None:
    page.get_by_label("Step id", exact=True).fill(step_id)
    expect(step(page, step_id)).to_be_visible()


def saved(page: Page, version: int) -> None:
    button(page, "Save").click()
    expect(page.get_by_role("status")).to_have_text(f"Saved as version {version}.")


def steps_of(template: WorkflowTemplate) -> dict[str, tuple[str, ...]]:
    spec = spec_of(WorkflowTemplate.objects.get(pk=template.pk))
    return {each.step_id: each.depends_on for each in spec.steps}


def opened(browse: Browse, template: WorkflowTemplate, **options: Any) -> Page:
    page = browse(url_of(template), **options)
    expect(page.locator("#builder")).to_be_visible()
    return page


DIAMOND = {
    "extract": (),
    "clean": ("extract",),
    "audit": ("extract",),
    "load": ("clean", "audit"),
    "tell": ("load",),
}
SCHEMA = '{"properties": {"day": {"type": "string", "title": "Which day"}}, "required": ["day"]}'


def test_a_diamond_is_drawn_saved_and_launched_with_parameters(browse: Browse) -> None:
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


def test_a_cycle_is_shown_while_it_is_drawn_and_kept_out_of_the_store(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b > c")
    page = opened(browse, template)

    drag(page, "c", "a", drop=False)
    expect(page.get_by_role("status")).to_have_text("This would close a cycle: a → b → c → a")
    expect(page.locator('.edge[data-kind="wrong"]')).to_have_count(3)
    page.mouse.up()

    expect(page.locator(".builder-problems")).to_contain_text("Cycle: a → b → c → a")
    expect(page.locator(".vertex.kind-wrong")).to_have_count(3)
    button(page, "Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved: first mend what is marked.")
    button(page, "Undo").click()
    expect(page.locator(".vertex.kind-wrong")).to_have_count(0)
    expect(page.get_by_role("alert")).to_have_count(0)
    assert steps_of(template) == {"a": (), "b": ("a",), "c": ("b",)}


def test_a_dependency_that_does_not_exist_is_drawn_as_missing(browse: Browse) -> None:
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


def test_dependencies_and_steps_are_removed_and_come_back(browse: Browse) -> None:
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


def test_a_renamed_step_keeps_its_dependants(browse: Browse) -> None:
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


def test_every_field_of_a_step_is_edited_beside_it(browse: Browse) -> None:
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


def test_arguments_of_a_function_have_the_types_of_json(browse: Browse) -> None:
    payload = {"python": "f", "kwargs": {"text": "5", "number": 1.0, "big": 12345678901234567}}
    template = TemplateFactory.create(drawing="a", payload=payload)
    page = opened(browse, template)
    step(page, "a").click()

    expect(page.get_by_label("Arguments: value 1")).to_have_value('"5"')
    button(page, "Add an argument").click()
    page.get_by_label("Arguments: name 4").fill("more")
    page.get_by_label("Arguments: value 4").fill('{"a": [true, null]}')
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert repr(stored.payload["kwargs"]) == repr(
        {**payload["kwargs"], "more": {"a": [True, None]}}  # type: ignore[dict-item]
    )


def test_any_payload_is_edited_as_json_and_mistakes_are_told_in_place(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a", payload={"prompt": "x"})
    page = opened(browse, template)
    step(page, "a").click()
    area = page.get_by_label("Payload", exact=True)

    area.fill('{"prompt": }')
    expect(page.locator(".builder-inspector")).to_contain_text("Not valid JSON")
    expect(area).to_have_attribute("aria-invalid", "true")
    button(page, "Save").click()
    expect(page.get_by_role("alert")).to_contain_text("Not saved")
    area.fill('{"prompt": "y", "n": 1.0}')
    saved(page, 2)

    [stored] = spec_of(WorkflowTemplate.objects.get()).steps
    assert repr(stored.payload) == "{'prompt': 'y', 'n': 1.0}"


def test_the_order_of_dispatch_is_changed_in_the_list(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a, b, c")
    page = opened(browse, template)

    button(page, "Move c up").click()
    button(page, "Move c up").click()
    saved(page, 2)

    assert list(steps_of(template)) == ["c", "a", "b"]


STRANGE = {
    "name": "Strange",
    "description": "first\nsecond\n",
    "approver_must_differ": True,
    "parameters_schema": {"properties": {"x": {"default": 1.0}}},
    "steps": [
        {"step_id": " a ", "title": "t ", "payload": {"x": 1.0, "y": "a\r\nb", "é": [None, {}]}},
        {"step_id": "A, b", "title": " B", "depends_on": [" a "], "payload": {"x": 10**16 + 1}},
        {"step_id": "“→”", "title": "</script>", "depends_on": ["A, b", " a "]},
    ],
}


def test_saving_without_a_change_makes_no_new_version(browse: Browse) -> None:
    template = create_template(parse_template(STRANGE))
    page = opened(browse, template)

    button(page, "Save").click()
    expect(page.get_by_role("status")).to_have_text("Nothing had changed.")

    assert WorkflowTemplate.objects.get(pk=template.pk).version == 1


def test_who_saves_second_is_told_loses_nothing_and_may_decide(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b")
    mine, theirs = opened(browse, template), opened(browse, template)
    button(theirs, "Add a step").click()
    name_step(theirs, "theirs")
    saved(theirs, 2)

    button(mine, "Add a step").click()
    name_step(mine, "mine")
    button(mine, "Save").click()
    expect(mine.get_by_role("alert")).to_contain_text("somebody else has saved version 2")
    expect(step(mine, "mine")).to_be_visible()
    assert "mine" not in steps_of(template)
    expect(mine.get_by_role("link", name="See what they changed")).to_have_attribute(
        "href", f"/admin/workflows/workflowtemplate/{template.pk}/versions/2/?against=1"
    )

    button(mine, "Save mine as version 3").click()
    expect(mine.get_by_role("status")).to_have_text("Saved as version 3.")
    assert list(steps_of(template)) == ["a", "b", "mine"]


def test_what_the_server_refuses_leads_to_its_step(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a, b")
    gpu = RunnerFactory.create(name="gpu")
    page = opened(browse, template)
    step(page, "b").click()
    page.get_by_label("Runner").select_option("gpu")
    gpu.delete()
    step(page, "a").click()

    button(page, "Save").click()
    button(page, "step 'b': runner: there is no runner named 'gpu'").click()

    expect(page.get_by_label("Step id", exact=True)).to_have_value("b")
    assert WorkflowTemplate.objects.get().version == 1


def test_a_wrong_field_of_the_template_is_told_at_it(browse: Browse) -> None:
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


def test_a_file_is_taken_into_the_drawing_and_stored_only_when_saved(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a")
    page = opened(browse, template)
    steps = b"[{step_id: x, title: X}, {step_id: y, title: Y, depends_on: [x]}]"

    def choose(content: bytes) -> None:
        file: Any = {"name": "new.yaml", "mimeType": "application/yaml", "buffer": content}
        page.get_by_label("YAML, or JSON").set_input_files(file)
        button(page, "Import").click()

    button(page, "Import…").click()
    choose(b"name: x\nsteps: [{step_id: a, title: A, depends_on: [b]}]")
    expect(page.get_by_role("dialog")).to_contain_text("step 'a' depends on unknown step 'b'")
    choose(b"name: other\nsteps: " + steps)
    expect(step(page, "y")).to_be_visible()
    assert steps_of(template) == {"a": ()}
    saved(page, 2)
    assert steps_of(template) == {"x": (), "y": ("x",)}


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(150):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {wanted}")


def test_everything_is_done_with_the_keyboard_alone(browse: Browse) -> None:
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


def test_without_javascript_the_plain_form_does_it_all(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b")
    page = browse(url_of(template), java_script_enabled=False)

    page.locator("#id_steps-1-title").fill("Second")
    page.get_by_role("button", name="Save", exact=True).click()

    assert spec_of(WorkflowTemplate.objects.get()).steps[1].title == "Second"


def test_the_plain_form_stays_within_reach(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a > b"))

    page.get_by_role("link", name="Plain form").click()
    expect(page.locator("#id_steps-0-step_id")).to_have_value("a")
    page.get_by_role("link", name="Builder").click()
    expect(step(page, "b")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_grave_keeps_people_from_the_builder(
    browse: Browse, local: Runner, scheme: str
) -> None:
    template = TemplateFactory.create(drawing="a > b > c", payload={"command": ["true", "x"]})
    page = opened(browse, template, color_scheme=scheme)
    assert grave_violations(page) == []

    drag(page, "c", "a")
    expect(page.locator(".builder-problems li")).to_have_count(1)
    button(page, "Save").click()

    assert grave_violations(page) == []


def test_the_builder_fits_a_narrow_window(browse: Browse) -> None:
    page = opened(browse, TemplateFactory.create(drawing="a > b"), viewport=NARROW)
    step(page, "a").click()

    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_versions_are_compared_as_a_graph_and_restored(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b > c")
    after = {"name": template.name, "steps": [{"step_id": "a", "title": "A"}]}
    replace_template(template.pk, parse_template(after), by="bob")
    page = browse(f"/admin/workflows/workflowtemplate/{template.pk}/versions/2/")

    expect(page.locator('#drawing [aria-label="b, removed"]')).to_be_visible()
    expect(page.locator("#drawing .kind-removed")).to_have_count(2)
    expect(page.locator('#drawing .edge[data-kind="removed"]')).to_have_count(2)
    assert grave_violations(page) == []
    page.get_by_role("link", name="Versions").click()
    page.get_by_role("link", name="Restore…").click()
    expect(page.locator("#drawing .kind-added")).to_have_count(2)
    button(page, "Restore version 1").click()
    expect(page.locator(".messagelist")).to_contain_text("as version 3")
    assert list(steps_of(template)) == ["a", "b", "c"]
