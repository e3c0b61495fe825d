"""*Run again…* opens the launch form, filled with the parameters of an earlier run."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import VIEW_ALL, ClientOf, add_url, text_of, url_of
from tests.factories import TaskFactory
from tests.support.actors import who
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template
from workflows.models import WorkflowRun
from workflows.payloads.secrets import readable_parameters
from workflows.runs.again import Again
from workflows.runs.creation import create_run

SCHEMA: dict[str, Any] = {
    "properties": {
        "day": {"type": "string"},
        "copies": {"type": "integer"},
        "hosts": {"type": "array", "items": {"type": "string"}},
        "token": {"type": "string", "writeOnly": True},
    },
    "required": ["day", "token"],
}
TEMPLATE: dict[str, Any] = {
    "name": "nightly",
    "parameters_schema": SCHEMA,
    "steps": [{"step_id": "a", "title": "A"}],
}
GIVEN = {"day": "monday", "copies": 2, "hosts": ["one", "two"], "token": "s3cret-token"}


@pytest.fixture
def earlier(db: None) -> WorkflowRun:
    """Return a run of a template with parameters, of which one is secret."""
    template = create_template(parse_template(TEMPLATE))
    return create_run(template_id=template.pk, parameters=GIVEN, by=who("anna"))


def again_url(run: WorkflowRun, version: str = "") -> str:
    chosen = f"&version={version}" if version else ""
    return f"{add_url(WorkflowRun)}?again_of={run.pk}{chosen}"


def data_of(page: Any) -> dict[str, Any]:
    form = page.context["adminform"].form
    shown = {field.html_name: field.value() for field in form}
    return {name: value for name, value in shown.items() if value is not None}


def test_form_is_filled_and_makes_the_same_run(root: Client, earlier: WorkflowRun) -> None:
    assert again_url(earlier) in root.get(url_of(earlier)).content.decode()
    assert (
        again_url(earlier)
        in root.get(reverse("admin:workflows_workflowrun_changelist")).content.decode()
    )
    page = root.get(again_url(earlier))
    data = data_of(page)
    assert data["parameter-day"] == "monday"
    assert "s3cret-token" not in page.content.decode()
    assert "Empty: as in the earlier run." in text_of(page)

    answer = root.post(again_url(earlier), {**data, "parameter-copies": ""})

    assert answer.status_code == 302
    run = WorkflowRun.objects.latest("pk")
    assert (run.again_of, run.auto_dispatch) == (earlier.pk, True)
    assert run.parameters == {"day": "monday", "hosts": ["one", "two"], "token": "********"}
    assert readable_parameters(run) == {"token": "s3cret-token"}
    assert f"run {earlier.pk}" in text_of(root.get(url_of(run)))


def test_page_says_where_a_run_came_from(root: Client, earlier: WorkflowRun) -> None:
    trigger = {"kind": "schedule", "id": 4, "name": "<nightly>", "moment": "2026-01-31T02:00:00Z"}
    run = create_run(
        again=Again(earlier.pk), trigger=trigger, parameters={"token": "x" * 9}, by=who("anna")
    )

    page = root.get(url_of(run))

    line = f"by schedule <nightly> for 2026-01-31T02:00:00Z, again as run {earlier.pk}"
    assert line in text_of(page)
    assert f', again as <a href="{url_of(earlier)}">run {earlier.pk}</a>' in page.content.decode()
    assert "again as" not in text_of(root.get(url_of(earlier)))


def test_form_of_the_latest_version_says_which_parameters_it_leaves_out(
    root: Client, earlier: WorkflowRun
) -> None:
    properties = {name: SCHEMA["properties"][name] for name in ("day", "token")}
    schema = {"properties": properties, "additionalProperties": False}
    replace_template(
        earlier.template_id or 0, parse_template({**TEMPLATE, "parameters_schema": schema})
    )
    page = root.get(again_url(earlier, "latest"))

    left_out = (
        f"Parameters of run {earlier.pk} are left out, because this version does not take them or "
        "would show what was secret"
    )
    assert f"{left_out}: `copies` and `hosts`." in text_of(page)
    assert left_out not in text_of(root.get(again_url(earlier, "same")))
    data = {**data_of(page), "parameter-token": "x" * 9}
    assert root.post(again_url(earlier, "latest"), data).status_code == 302
    assert WorkflowRun.objects.latest("pk").parameters == {"day": "monday", "token": "********"}


def test_parameters_that_the_schema_takes_without_naming_them_are_taken_over(
    root: Client,
) -> None:
    schema = {"properties": {"day": {"type": "string"}}}
    template = create_template(parse_template({**TEMPLATE, "parameters_schema": schema}))
    given = {"day": "monday", "more": [1]}
    earlier = create_run(template_id=template.pk, parameters=given, by=who("anna"))

    page = root.get(again_url(earlier))
    root.post(again_url(earlier), {**data_of(page), "parameter-day": ""})

    assert "left out" not in text_of(page)
    assert WorkflowRun.objects.latest("pk").parameters == {"more": [1]}


def test_another_person_is_asked_for_secrets(client_of: ClientOf, earlier: WorkflowRun) -> None:
    bob = client_of("bob", "workflows.add_workflowrun", *VIEW_ALL)
    page = bob.get(again_url(earlier))
    assert "Empty: as in the earlier run." not in text_of(page)

    refused = bob.post(again_url(earlier), data_of(page))
    assert refused.context["adminform"].form.errors["parameter-token"]
    bob.post(again_url(earlier), {**data_of(page), "parameter-token": "bobs-token"})
    assert readable_parameters(WorkflowRun.objects.latest("pk")) == {"token": "bobs-token"}


def test_version_is_asked_for_when_they_differ(root: Client, earlier: WorkflowRun) -> None:
    schema = {"properties": {"day": {"type": "string"}}}
    template = earlier.template
    assert template
    replace_template(template.pk, parse_template({**TEMPLATE, "parameters_schema": schema}))

    page = text_of(root.get(again_url(earlier)))
    assert f"Run {earlier.pk} had version 1 of its template, which is at version 2 now." in page
    for version, number in {"same": 1, "latest": 2}.items():
        data = data_of(root.get(again_url(earlier, version)))
        assert ("parameter-copies" in data) == (version == "same")
        root.post(again_url(earlier, version), data)
        run = WorkflowRun.objects.latest("pk")
        assert (run.again_of, run.template_version) == (earlier.pk, number)


def test_run_without_a_template_is_not_offered_again(root: Client) -> None:
    run = create_run(task_ids=[TaskFactory.create().pk], by=who("anna"))
    assert "Run again" not in text_of(root.get(url_of(run)))
    assert "cannot be repeated" in text_of(root.get(again_url(run)))


def test_starting_again_needs_the_permission(viola: Client, earlier: WorkflowRun) -> None:
    assert "Run again" not in text_of(viola.get(url_of(earlier)))
    assert viola.get(again_url(earlier)).status_code == 403
