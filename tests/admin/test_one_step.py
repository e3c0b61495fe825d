"""Templates that are too large for the form: each step is edited on a page of its own."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.admin.conftest import VIEW_ALL, ClientOf, messages_of, text_of, url_of
from tests.factories import RunnerFactory, TemplateFactory
from workflows.admin.templates import model_admin
from workflows.admin.templates.step_page import step_url
from workflows.authoring.store import spec_of
from workflows.models import WorkflowTemplate

AUTHOR = ("workflows.change_workflowtemplate", *VIEW_ALL)


@pytest.fixture(autouse=True)
def large_template(db: None, monkeypatch: pytest.MonkeyPatch) -> WorkflowTemplate:
    """Return a template that is larger than the form takes."""
    monkeypatch.setattr(model_admin, "MOST_STEPS", 3)
    found: WorkflowTemplate = TemplateFactory.create(drawing="copy > check > tell, check > prune")
    return found


@pytest.fixture
def author(client_of: ClientOf) -> Client:
    """Act as someone who may change templates."""
    return client_of("arthur", *AUTHOR)


def row(**fields: Any) -> dict[str, Any]:
    return {"step_id": "check", "title": "Check", "depends_on": "copy", "began_with": 1, **fields}


def steps_of(template: WorkflowTemplate) -> dict[str, tuple[str, ...]]:
    template.refresh_from_db()
    return {step.step_id: step.depends_on for step in spec_of(template).steps}


def test_large_template_links_to_export_import_and_each_step(
    root: Client, large_template: WorkflowTemplate
) -> None:
    page = root.get(url_of(large_template), {"plain": ""})

    assert "With 4 steps this template is too large to be edited here as a whole." in text_of(page)
    html = page.content.decode()
    for name in ("export", "import"):
        args = [large_template.pk] if name == "export" else []
        assert reverse(f"admin:workflows_workflowtemplate_{name}", args=args) in html
    assert step_url(large_template.pk, "check") in html


def test_search_finds_steps_by_id_or_title(root: Client, large_template: WorkflowTemplate) -> None:
    large_template.steps.filter(step_id="tell").update(title="Say it was CHECKED")

    found = root.get(url_of(large_template), {"plain": "", "step": "check"})
    nothing = root.get(url_of(large_template), {"plain": "", "step": "nothing"})

    assert [step.step_id for step in found.context["steps"]] == ["check", "tell"]
    assert "2 found" in text_of(found)
    assert "No step has this in its id or title." in text_of(nothing)


def test_next_page_of_results_keeps_the_search(root: Client) -> None:
    many = TemplateFactory.create(drawing=", ".join(f"host-{n}" for n in range(60)))

    html = root.get(url_of(many), {"plain": "", "step": "host"}).content.decode()

    assert 'href="?plain=&amp;step=host&amp;page=2#steps"' in html


def test_saving_a_step_stores_its_fields_and_no_other_step(
    author: Client, large_template: WorkflowTemplate
) -> None:
    RunnerFactory.create(name="gpu")
    shown = author.get(step_url(large_template.pk, "check"))
    assert 'value="check"' in shown.content.decode()

    answer = author.post(
        step_url(large_template.pk, "check"),
        row(runner="gpu", payload='{"python": "noop"}', timeout_seconds=5, requires_approval="on"),
    )

    assert messages_of(answer) == [
        ("success", "Step check is saved. The template is now version 2.")
    ]
    assert answer["Location"] == f"{url_of(large_template)}?plain=&step=check#steps"
    assert steps_of(large_template)["tell"] == ("check",)
    step = spec_of(large_template).steps[1]
    assert (step.title, step.runner, step.payload) == ("Check", "gpu", {"python": "noop"})
    assert (step.timeout_seconds, step.requires_approval) == (5, True)
    assert large_template.versions.get(number=2).saved_by == "arthur"


def test_renaming_a_step_renames_it_in_its_dependents(
    author: Client, large_template: WorkflowTemplate
) -> None:
    author.post(step_url(large_template.pk, "check"), row(step_id="verify, twice"))

    assert steps_of(large_template) == {
        "copy": (),
        "verify, twice": ("copy",),
        "tell": ("verify, twice",),
        "prune": ("verify, twice",),
    }


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"depends_on": "tell"}, "cycle: "),
        ({"depends_on": "nobody"}, "nobody"),
        ({"step_id": "copy"}, "copy"),
        ({"step_id": " "}, "Give the step an id."),
        ({"payload": "{"}, "Not valid JSON"),
        ({"payload": '{"command": "ls"}'}, "command"),
        ({"timeout_seconds": "0"}, "greater than or equal to 1"),
        ({"runner": "nobody"}, "Select a valid choice"),
        ({"began_with": "x"}, "Enter a whole number."),
        ({"began_with": ""}, "This field is required."),
        ({"began_with": "7"}, "Somebody else saved this template"),
    ],
)
def test_invalid_step_is_refused_and_nothing_is_stored(
    author: Client, large_template: WorkflowTemplate, fields: dict[str, Any], why: str
) -> None:
    before = spec_of(large_template)

    page = author.post(step_url(large_template.pk, "check"), row(**fields))

    assert why in text_of(page)
    large_template.refresh_from_db()
    assert (large_template.version, spec_of(large_template)) == (1, before)


def test_unknown_step_is_not_found(author: Client, large_template: WorkflowTemplate) -> None:
    assert author.get(step_url(large_template.pk, "nobody")).status_code == 404
    assert author.get(step_url(large_template.pk + 1, "check")).status_code == 404
    assert author.get(step_url(large_template.pk, "").partition("?")[0]).status_code == 404


def test_viewer_cannot_open_or_change_a_step(
    viola: Client, large_template: WorkflowTemplate
) -> None:
    assert "Find a step to edit it" not in text_of(viola.get(url_of(large_template)))
    assert (
        step_url(large_template.pk, "check")
        not in viola.get(url_of(large_template)).content.decode()
    )
    assert viola.get(step_url(large_template.pk, "check")).status_code == 403
    assert viola.post(step_url(large_template.pk, "check"), row(step_id="x")).status_code == 403
    large_template.refresh_from_db()
    assert large_template.version == 1


def test_step_page_of_large_template_takes_no_more_statements(root: Client) -> None:
    def cost(steps: int) -> int:
        drawing = " > ".join(f"s{n}" for n in range(steps))
        address = step_url(TemplateFactory.create(drawing=drawing).pk, "s1")
        root.get(address)
        with CaptureQueriesContext(connection) as statements:
            assert root.get(address).status_code == 200
        return len(statements)

    assert cost(4) == cost(300) <= 8
