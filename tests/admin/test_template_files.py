"""Import and export of template files, and the data that the builder starts with."""

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import VIEW_ALL, ClientOf, add_url, list_url, messages_of, text_of, url_of
from tests.factories import RunnerFactory, TemplateFactory
from tests.support.drawing import template_of
from workflows.admin.templates.steps import MOST_STEPS
from workflows.authoring.files import read_content
from workflows.authoring.spec import parse_template, plain
from workflows.authoring.store import create_template, replace_template, spec_of
from workflows.models import WorkflowTemplate

IMPORT = reverse("admin:workflows_workflowtemplate_import")
READ = reverse("admin:workflows_workflowtemplate_read")
YAML = (
    "name: Nightly\nsteps:\n- {step_id: a, title: A}\n- {step_id: b, title: B, depends_on: [a]}\n"
)
RECORDED = {
    "name": "Recorded",
    "schemaVersion": "1.5",
    "workflow": {
        "specification": {"tasks": [{"id": "t1", "name": "One", "parents": [], "children": []}]},
        "execution": {"tasks": [{"id": "t1", "command": {"program": "true"}}]},
    },
}


def send(client: Client, place: str, text: str, name: str = "nightly.yaml", **data: Any) -> Any:
    return client.post(place, {"file": SimpleUploadedFile(name, text.encode()), **data})


def test_reading_a_file_stores_nothing(root: Client) -> None:
    answer = send(root, READ, YAML)

    assert answer.json() == {
        "name": "Nightly",
        "steps": [
            {"step_id": "a", "title": "A"},
            {"step_id": "b", "title": "B", "depends_on": ["a"]},
        ],
    }
    assert not WorkflowTemplate.objects.exists()


@pytest.mark.parametrize(
    ("commands", "payload"), [({}, {"python": "noop"}), ({"commands": "on"}, {"command": ["true"]})]
)
def test_wfformat_file_is_read_with_or_without_its_commands(
    root: Client, commands: dict[str, str], payload: dict[str, Any]
) -> None:
    answer = send(root, READ, json.dumps(RECORDED), "recorded.json", **commands)

    assert answer.json()["steps"][0]["payload"] == payload


@pytest.mark.parametrize(
    ("text", "name", "why"),
    [
        ("name: [", "x.yaml", "x.yaml: line 2"),
        ("{", "x.json", "x.json: line 1, column 2"),
        (YAML.replace("[a]", "[z]"), "x.yaml", "step 'b' depends on unknown step 'z'"),
        ("name: x", "x.yaml", "x.yaml: "),
        ("", "x.yaml", "The submitted file is empty."),
        ("name: '</script>'\nsteps: 5", "x.yaml", "5 is not a list"),
    ],
)
@pytest.mark.parametrize("place", [READ, IMPORT])
def test_invalid_file_is_refused_with_place_and_reason(
    root: Client, place: str, text: str, name: str, why: str
) -> None:
    answer = send(root, place, text, name)

    if place == READ:
        assert answer.status_code == 400
        assert why in " ".join(answer.json()["file"])
    else:
        assert why in text_of(answer)
    assert not WorkflowTemplate.objects.exists()


def test_request_without_file_is_refused_at_its_field(root: Client) -> None:
    assert root.post(READ).json() == {"file": ["This field is required."]}
    assert root.get(READ).status_code == 405
    assert "This field is required." in text_of(root.post(IMPORT))


def test_import_creates_a_template_or_a_new_version(root: Client) -> None:
    first = send(root, IMPORT, YAML)
    same = send(root, IMPORT, YAML)
    second = send(root, IMPORT, YAML.replace("title: B", "title: Second"))

    template = WorkflowTemplate.objects.get()
    assert [answer["Location"] for answer in (first, same, second)] == [url_of(template)] * 3
    assert messages_of(first) == [("success", "“Nightly” is created: version 1.")]
    assert messages_of(same)[-1][1] == "“Nightly” is unchanged: version 1."
    assert messages_of(second)[-1][1] == "“Nightly” is replaced: version 2."
    assert list(template.versions.values_list("saved_by", flat=True)) == ["root", "root"]


def test_import_needs_the_permissions_to_add_and_change(client_of: ClientOf, viola: Client) -> None:
    adder = client_of("anna", *VIEW_ALL, "workflows.add_workflowtemplate")

    assert send(viola, READ, YAML).status_code == 403
    assert [viola.get(IMPORT).status_code, send(viola, IMPORT, YAML).status_code] == [403, 403]
    assert send(adder, READ, YAML).status_code == 200
    assert send(adder, IMPORT, YAML).status_code == 403
    assert "Import a file" not in text_of(adder.get(list_url(WorkflowTemplate)))


def test_template_list_links_to_the_import(root: Client) -> None:
    assert f'href="{IMPORT}"' in root.get(list_url(WorkflowTemplate)).content.decode()
    assert root.get(IMPORT).status_code == 200


def test_exported_file_holds_the_template(viola: Client) -> None:
    template = TemplateFactory.create(name="Über alles / x", drawing="a > b")
    replace_template(template.pk, parse_template(template_of("c", name=template.name)))

    answer = viola.get(url_of(template, "export"))
    earlier = viola.get(url_of(template, "export"), {"version": "1"})

    assert answer["Content-Disposition"] == 'attachment; filename="uber-alles-x.yaml"'
    stored = plain(spec_of(WorkflowTemplate.objects.get()))
    assert read_content("x.yaml", answer.content) == stored
    steps = read_content("x.yaml", earlier.content)["steps"]
    assert [step["step_id"] for step in steps] == ["a", "b"]
    assert viola.get(url_of(template, "export"), {"version": "9"}).status_code == 404


def test_builder_data_holds_the_stored_template(root: Client) -> None:
    RunnerFactory.create(name="gpu")
    template = create_template(
        parse_template(template_of("a > b", payload={"python": "noop", "kwargs": {"x": 1.0}}))
    )

    data = root.get(url_of(template)).context["builder"]

    assert data["template"] == plain(spec_of(template))
    assert data["version"] == 1
    assert data["store"] == f"/admin/workflows/workflowtemplate/{template.pk}/store/"
    assert "gpu" in {runner["name"] for runner in data["runners"]}
    assert root.get(add_url(WorkflowTemplate)).context["builder"]["version"] is None


def test_template_name_cannot_close_the_script_element(root: Client) -> None:
    template = TemplateFactory.create(name="</script><b>x")

    page = root.get(url_of(template)).content.decode()

    assert "</script><b>" not in page


def test_plain_form_is_shown_on_request_and_after_a_refusal(root: Client) -> None:
    template = TemplateFactory.create(drawing="a")

    assert "builder" not in root.get(url_of(template), {"plain": ""}).context
    assert "builder" not in root.post(url_of(template), {"name": ""}).context


def test_viewer_sees_the_graph_without_builder(viola: Client) -> None:
    page = viola.get(url_of(TemplateFactory.create(drawing="a > b")))

    assert "builder" not in page.context
    assert page.context["drawing"]["edges"] == [
        {"upstream": "a", "downstream": "b", "change": "same"}
    ]


def test_template_too_large_for_the_form_is_drawn(root: Client) -> None:
    many = ", ".join(f"s{number}" for number in range(MOST_STEPS + 1))

    page = root.get(url_of(TemplateFactory.create(drawing=many)), {"plain": ""})

    assert len(page.context["drawing"]["steps"]) == MOST_STEPS + 1
    assert "builder" not in page.context
