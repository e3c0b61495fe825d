"""What a person sees and does in the builder."""

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.admin.conftest import url_of
from tests.browser.conftest import Browse
from workflows.authoring.store import spec_of
from workflows.models import WorkflowTemplate


def step(page: Page, step_id: str) -> Locator:
    """Return a step of the drawing."""
    return page.locator(f'.builder-canvas [role="button"][aria-label^="{step_id}"]')


def button(page: Page, name: str) -> Locator:
    """Return the button of that name."""
    return page.get_by_role("button", name=name, exact=True)


def place(found: Locator) -> tuple[float, float]:
    """Return the middle of an element, in pixels of the page."""
    box = found.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page: Page, step_id: str, to: str | tuple[float, float], *, drop: bool = True) -> None:
    """Drag from the dot of a step to another step, or by a distance to an empty place."""
    x, y = place(step(page, step_id).locator(".handle"))
    page.mouse.move(x, y)
    page.mouse.down()
    target = place(step(page, to)) if isinstance(to, str) else (x + to[0], y + to[1])
    page.mouse.move(*target, steps=5)
    if drop:
        page.mouse.up()


def name_step(page: Page, step_id: str) -> None:
    """Give the chosen step an id."""
    page.get_by_label("Key", exact=True).fill(step_id)
    expect(step(page, step_id)).to_be_visible()


def saved(page: Page, version: int) -> None:
    """Save, and check which version was saved."""
    page.keyboard.press("Control+s")
    said(page, f"Saved as version {version}.")


def said(page: Page, text: str) -> None:
    """Expect what the builder says."""
    expect(page.locator(".builder-status")).to_have_text(text)


def open_step(page: Page, step_id: str) -> None:
    """Open the fields of a step."""
    step(page, step_id).click()
    expect(page.get_by_label("Key", exact=True)).to_have_value(step_id)


def choose_kind(page: Page, kind: str) -> None:
    """Choose what kind of work the step does."""
    page.locator(".segment", has_text=re.compile(f"^{kind}$")).click()


def steps_of(template: WorkflowTemplate) -> dict[str, tuple[str, ...]]:
    """Return the stored steps, and what each waits for."""
    spec = spec_of(WorkflowTemplate.objects.get(pk=template.pk))
    return {each.step_id: each.depends_on for each in spec.steps}


def opened(browse: Browse, template: WorkflowTemplate, **options: Any) -> Page:
    """Open the builder of a template."""
    page = browse(url_of(template), **options)
    expect(page.locator("#builder")).to_be_visible()
    return page


def tab_to(page: Page, wanted: Locator) -> None:
    """Press Tab until something has the focus."""
    expect(wanted).to_be_visible()
    for _ in range(150):
        if wanted.evaluate("element => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"the keyboard does not reach {wanted}")
