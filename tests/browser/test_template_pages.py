"""The pages around a template: its versions, and the form that launches it."""

import pytest
from django.contrib.auth.models import Permission
from playwright.sync_api import expect

from tests.admin.conftest import add_url, list_url, url_of
from tests.browser.axe import serious_violations
from tests.browser.builder import button, steps_of
from tests.browser.conftest import Browse
from tests.factories import TemplateFactory, UserFactory
from tests.support.actors import who
from workflows.admin.templates.step_page import step_url
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template
from workflows.models import WorkflowRun, WorkflowTemplate

pytestmark = pytest.mark.django_db(transaction=True)


def test_versions_are_compared_as_a_graph_and_restored(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b > c")
    after = {"name": template.name, "steps": [{"step_id": "a", "title": "A"}]}
    replace_template(template.pk, parse_template(after), by=who("bob"))
    page = browse(f"/admin/workflows/workflowtemplate/{template.pk}/versions/2/")

    expect(page.locator('#drawing [aria-label="b, removed"]')).to_be_visible()
    expect(page.locator("#drawing .kind-removed")).to_have_count(2)
    expect(page.locator('#drawing .edge[data-kind="removed"]')).to_have_count(2)
    assert serious_violations(page) == []
    page.get_by_role("link", name="Versions").click()
    page.get_by_role("link", name="Restore…").click()
    expect(page.locator("#drawing .kind-added")).to_have_count(2)
    button(page, "Restore version 1").click()
    expect(page.locator("#toasts")).to_contain_text("as version 3")
    assert list(steps_of(template)) == ["a", "b", "c"]


PARAMETERS = {
    "properties": {
        "day": {"type": "string", "format": "date", "description": "Which one."},
        "copies": {"type": "integer", "default": 2},
        "mode": {"enum": ["fast", "slow"]},
        "dry": {"type": "boolean"},
        "hosts": {"type": "array", "items": {"type": "string"}},
        "more": {"type": "object"},
        "token": {"type": "string", "writeOnly": True},
    },
    "required": ["day"],
}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_launch_and_history_pages_have_no_serious_accessibility_violation(
    browse: Browse, scheme: str
) -> None:
    steps = [{"step_id": "a", "title": "A"}]
    data = {"name": "Described", "steps": steps, "parameters_schema": PARAMETERS}
    template = create_template(parse_template(data))
    page = browse(add_url(WorkflowRun), color_scheme=scheme)
    found = serious_violations(page)

    page.get_by_role("link", name="Run Described…").click()
    expect(page.get_by_label("copies")).to_have_value("2")
    found += serious_violations(page)
    importing = f"{list_url(WorkflowTemplate)}import/"
    for place in (url_of(template, "history"), importing, step_url(template.pk, "a")):
        page.goto(place)
        found += serious_violations(page)

    assert found == []


def test_viewer_sees_the_drawing_of_a_template(browse: Browse) -> None:
    template = TemplateFactory.create(drawing="a > b")
    viewer = UserFactory.create(is_staff=True)
    viewer.user_permissions.add(Permission.objects.get(codename="view_workflowtemplate"))

    page = browse(url_of(template), user=viewer)

    expect(page.locator("#drawing .vertex")).to_have_count(2)
    expect(button(page, "Save")).to_have_count(0)
