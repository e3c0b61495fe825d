"""What a person sees and does in the builder."""

from typing import Any

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
    page.locator(".builder-canvas").scroll_into_view_if_needed()
    x, y = place(step(page, step_id).locator(".handle"))
    page.mouse.move(x, y)
    page.mouse.down()
    target = place(step(page, to)) if isinstance(to, str) else (x + to[0], y + to[1])
    page.mouse.move(*target, steps=5)
    if drop:
        page.mouse.up()


def name_step(page: Page, step_id: str) -> None:
    """Give the chosen step an id."""
    page.get_by_label("Step id", exact=True).fill(step_id)
    expect(step(page, step_id)).to_be_visible()


def saved(page: Page, version: int) -> None:
    """Save, and check which version was saved."""
    button(page, "Save").click()
    expect(page.get_by_role("status")).to_have_text(f"Saved as version {version}.")


def steps_of(template: WorkflowTemplate) -> dict[str, tuple[str, ...]]:
    """Return the stored steps, and what each waits for."""
    spec = spec_of(WorkflowTemplate.objects.get(pk=template.pk))
    return {each.step_id: each.depends_on for each in spec.steps}


def opened(browse: Browse, template: WorkflowTemplate, **options: Any) -> Page:
    """Open the builder of a template."""
    page = browse(url_of(template), **options)
    expect(page.locator("#builder")).to_be_visible()
    return page
