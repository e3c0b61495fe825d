"""Labels of templates: a section of files that no version keeps."""

from pathlib import Path

import pytest

from tests.factories import TemplateFactory
from workflows.authoring.files import UnusableFile, export_template, import_content, import_file
from workflows.authoring.store import change_template
from workflows.errors import Invalid

pytestmark = pytest.mark.django_db
FILE = """
name: nightly
parameters_schema: {properties: {day: {type: string}, token: {type: string, writeOnly: true}}}
labels: {team: data, day: "{{ params.day }}"}
steps: [{step_id: a, title: a}]
"""
LABELS = {"team": "data", "day": "{{ params.day }}"}


def test_labels_of_a_file_are_stored_and_exported_again(tmp_path: Path) -> None:
    found = import_content("nightly.yaml", FILE.encode())
    assert (found.template.labels, found.change) == (LABELS, "created")
    (tmp_path / "again.yaml").write_text(export_template("nightly"))
    again = import_file(tmp_path / "again.yaml")
    assert (again.template.labels, again.change) == (LABELS, "unchanged")


def test_import_without_labels_leaves_them_alone_and_new_labels_make_no_version() -> None:
    import_content("nightly.yaml", FILE.encode())
    without = "\n".join(line for line in FILE.splitlines() if not line.startswith("labels"))
    assert import_content("nightly.yaml", without.encode()).template.labels == LABELS
    moved = import_content("nightly.yaml", FILE.replace("data", "ops").encode())
    assert moved.template.labels["team"] == "ops"
    assert (moved.change, moved.template.version) == ("replaced", 1)
    change_template(moved.template.pk, {"labels": {}})
    assert "labels" not in export_template("nightly")


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        ({"team": "{{ params. }}"}, "team: '{{ params. }}': expected name"),
        ({"team": "{{ tasks.a.result }}"}, "only parameters can be used here"),
        ({"team": "{{ params }}"}, "only parameters can be used here"),
        ({"team": "{{ params.token }}"}, "token is secret, and labels are shown"),
        ({"team": 3}, "team: must be a text"),
        (["team"], "must be an object of texts"),
    ],
)
def test_wrong_labels_are_refused_by_their_key(labels: object, named: str) -> None:
    template = TemplateFactory.create(
        parameters_schema={"properties": {"token": {"type": "string", "writeOnly": True}}}
    )
    with pytest.raises(Invalid) as refused:
        change_template(template.pk, {"labels": labels})
    assert named in refused.value.fields["labels"][0]


def test_file_with_wrong_labels_is_named() -> None:
    with pytest.raises(UnusableFile, match=r"nightly\.yaml: labels: team: must be a text"):
        import_content("nightly.yaml", FILE.replace("team: data", "team: 3").encode())
