"""What can be known to fail is refused when a template is saved, with step, field and remedy."""

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from tests.authoring.conftest import Write, refusal
from tests.authoring.template_mistakes import MISTAKES, NOOP, payload_of, schema, text
from tests.factories import RunnerFactory, UserFactory
from tests.support.drawing import checked, steps_of, template_of
from workflows.authoring.checks import warnings_of
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template, replace_template, spec_of
from workflows.authoring.versions import restore_version
from workflows.errors import Invalid
from workflows.models import TemplateStep, TemplateVersion, WorkflowTemplate

pytestmark = pytest.mark.django_db
WRONG = {"comand": ["ls"], "python": "nop"}


@pytest.fixture
def api() -> APIClient:
    client = APIClient()
    client.force_authenticate(UserFactory.create(is_superuser=True))
    return client


@pytest.fixture(autouse=True)
def _gpu() -> None:
    RunnerFactory.create(name="gpu", kind="http", url="http://gpu-1:9000")


@pytest.mark.parametrize(("data", "place", "remedy"), MISTAKES)
def test_mistake_is_answered_with_place_and_remedy_by_file_and_api(
    data: dict[str, Any], place: str, remedy: str, write: Write, api: APIClient
) -> None:
    file = write("t.json", data)
    by_file = refusal("import_workflow", file)
    answer = api.post("/workflow-templates", data, format="json")

    assert by_file.startswith(f"{file}: {place}")
    assert remedy in by_file
    assert answer.status_code == 400
    [(field, [why])] = answer.json().items()
    assert (why if field == "steps" and "step" in why else f"{field}: {why}").startswith(place)
    assert remedy in why
    assert not WorkflowTemplate.objects.exists()


@pytest.mark.parametrize(
    ("data", "warning"),
    [
        (payload_of({}), "step 'b': payload: there is nothing to do: give it one of 'command' or "),
        (
            payload_of({"python": "backup.compare", "kwargs": {}}),
            "step 'b': payload.kwargs: 'backup.compare' does not take these: missing a required ",
        ),
        (payload_of({"cwd": "/"}), "step 'b': payload: there is nothing to do"),
        (payload_of({**NOOP, "prompt": "x"}), "step 'b': payload.prompt: runners of kind local "),
        (
            text("{{ params.x }}", parameters_schema={"properties": {"day": {}}}),
            "step 'b': payload: '{{ params.x }}': parameters_schema has no parameter 'x'; add it",
        ),
        (
            schema({"properties": {"day": {}}, "required": ["host"]}),
            "parameters_schema: required: 'host' is none of the properties; add it to them",
        ),
    ],
)
def test_what_may_be_meant_is_saved_with_a_warning(
    data: dict[str, Any], warning: str, write: Write, api: APIClient
) -> None:
    answer = api.post("/workflow-templates", data, format="json")
    assert answer.status_code == 201
    assert [each for each in answer.json()["warnings"] if each.startswith(warning)]
    url = f"/workflow-templates/{answer.json()['id']}"
    assert api.get(url).json()["warnings"] == answer.json()["warnings"]
    call_command("import_workflow", str(write("t.json", data)), stderr=(printed := StringIO()))
    assert f"Warning: {warning}" in printed.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        text("{{ tasks.a.result.x[0].y }} {{ tasks['a'].exit_code }} {{ params.any }}"),
        text("{{ params.day }}", parameters_schema={"patternProperties": {"^d": {}}}),
        text("{%Y-%m} {{ '{% if x %}' }} %{http_code} {{ '{{end}}' }}"),
        payload_of({"python": "{{ params.function }}"}),
        payload_of({"prompt": "x", "workspace": {}, "sandbox": {}}, runner="gpu"),
        payload_of({}, runner="gpu"),
    ],
)
def test_what_works_has_no_warning(data: dict[str, Any]) -> None:
    assert warnings_of(spec_of(create_template(parse_template(data)))) == []


def broken() -> WorkflowTemplate:
    """Return a template of an earlier release, two steps of which cannot work."""
    template = create_template(parse_template(template_of("a > b > c", payload=NOOP)))
    TemplateStep.objects.filter(step_id__in=["a", "b"]).update(payload=WRONG)
    content = {**template_of("a > b > c", payload=WRONG), "name": template.name}
    TemplateVersion.objects.update(content=content)
    return template


def test_one_step_can_be_mended_while_another_is_wrong(api: APIClient) -> None:
    template = broken()
    steps = [
        {**step, "payload": NOOP if step["step_id"] == "a" else WRONG}
        for step in steps_of("a > b > c")
    ]
    refused = api.put(f"/workflow-templates/{template.pk}", {"steps": steps}, format="json")
    assert refused.status_code == 400
    assert all("step 'c'" in text for text in refused.json()["steps"])

    steps[2]["payload"] = NOOP
    saved = api.put(f"/workflow-templates/{template.pk}", {"steps": steps}, format="json")
    assert saved.status_code == 200
    assert [text.partition(": no")[0] for text in saved.json()["warnings"]] == [
        "step 'b': payload.comand: unknown key; did you mean 'command'?",
        "step 'b': payload.python",
    ]


def test_dependency_that_is_taken_away_is_missed_by_the_unchanged_step() -> None:
    data = text("{{ tasks.a.result }}")
    template = create_template(parse_template(data))
    data["steps"][1]["depends_on"] = []
    with pytest.raises(Invalid, match="step 'a' is not upstream of 'b'"):
        replace_template(template.pk, parse_template(data))


def test_version_that_would_be_refused_today_is_restored_with_warnings() -> None:
    template = broken()
    replace_template(template.pk, parse_template(template_of("x", payload=NOOP)))
    restored = restore_version(template.pk, 1)
    assert restored.version == 3
    assert len(warnings_of(spec_of(restored))) == 6


def test_put_keeps_the_fields_that_the_body_does_not_have(api: APIClient) -> None:
    data = {**template_of("a > b", payload=NOOP), "description": "d", "approver_must_differ": True}
    template = create_template(parse_template(data))
    url = f"/workflow-templates/{template.pk}"

    answer = api.put(url, {"description": "other", "version": 1}, format="json").json()

    assert (answer["version"], answer["description"]) == (2, "other")
    assert answer["approver_must_differ"] is True
    assert [step["step_id"] for step in answer["steps"]] == ["a", "b"]
    assert api.put(url, {"parameters_schema": {}}, format="json").json()["version"] == 2


def test_every_missing_field_is_named_once(api: APIClient) -> None:
    required = ["This field is required."]
    answer = api.post("/workflow-templates", {}, format="json")
    assert answer.json() == {"name": required, "steps": required}


def test_large_templates_are_checked_in_a_moment() -> None:
    steps = [
        {
            "step_id": f"s{n}",
            "title": "s",
            "depends_on": [f"s{n - 1}"] if n else [],
            "payload": {"command": ["echo", f"{{{{ tasks.s{n // 2}.result }}}}"] if n else ["a"]},
        }
        for n in range(3_000)
    ]
    assert len(checked({"name": "t", "steps": steps}).steps) == 3_000
