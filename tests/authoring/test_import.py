"""Importing a file creates a template or fails with a precise message."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.authoring.conftest import Write, refusal, run
from workflows.authoring import files
from workflows.authoring.files import template_named
from workflows.authoring.store import spec_of
from workflows.errors import Conflict, NotFound
from workflows.models import WorkflowTemplate

pytestmark = pytest.mark.django_db

NIGHTLY = """\
name: Nightly
steps:
- step_id: load
  title: Load
  depends_on: [extract]   # a forward reference
- step_id: extract
  title: Extract
"""


def nightly(**changed: Any) -> dict[str, Any]:
    """Return a template with one step, with some wrong fields."""
    return {"name": "Nightly", "steps": [{"step_id": "copy", "title": "Copy", **changed}]}


def test_import_of_a_new_name_creates_a_template(write: Write) -> None:
    output = run("import_workflow", write("nightly.yaml", NIGHTLY))
    template = WorkflowTemplate.objects.get()
    assert output == f"Workflow template #{template.pk} 'Nightly': created, version 1.\n"
    steps = [(step.step_id, step.depends_on) for step in spec_of(template).steps]
    assert steps == [("load", ("extract",)), ("extract", ())]


def test_import_of_unchanged_content_changes_nothing(write: Write) -> None:
    run("import_workflow", write("nightly.yaml", NIGHTLY))
    assert "unchanged, version 1" in run("import_workflow", write("again.yaml", NIGHTLY))
    assert WorkflowTemplate.objects.get().version == 1


def test_import_of_changed_content_creates_a_version(write: Write) -> None:
    run("import_workflow", write("nightly.yaml", NIGHTLY))
    changed = NIGHTLY.replace("title: Load", "title: Load all")
    assert "replaced, version 2" in run("import_workflow", write("nightly.yaml", changed))
    assert spec_of(WorkflowTemplate.objects.get()).steps[0].title == "Load all"


def test_true_instead_of_one_is_changed_content(write: Write) -> None:
    run("import_workflow", write("t.json", nightly(payload={"kwargs": {"n": 1}})))
    run("import_workflow", write("t.json", nightly(payload={"kwargs": {"n": True}})))
    (step,) = spec_of(WorkflowTemplate.objects.get()).steps
    assert step.payload["kwargs"]["n"] is True


def test_name_option_overrides_the_name_in_the_file(write: Write) -> None:
    file = write("nightly.yaml", NIGHTLY)
    run("import_workflow", file)
    assert "'Weekly': created" in run("import_workflow", file, "--name", "Weekly")
    assert "'Weekly': unchanged" in run("import_workflow", file, "--name", "Weekly")


def test_name_option_names_a_file_without_a_name(write: Write) -> None:
    file = write("nameless.yaml", NIGHTLY.replace("name: Nightly\n", ""))
    assert refusal("import_workflow", file) == f"{file}: name: This field is required."
    assert "'Nightly': created" in run("import_workflow", file, "--name", "Nightly")


def test_ambiguous_name_is_refused_with_the_ids(write: Write) -> None:
    one, other = (WorkflowTemplate.objects.create(name="Nightly").pk for _ in range(2))
    file = write("nightly.yaml", NIGHTLY)
    assert f"choose one of #{one}, #{other}" in refusal("import_workflow", file)
    assert "'Nightly': replaced" in run("import_workflow", file, "--name", f"#{other}")
    assert [template_named(f"#{pk}").version for pk in (one, other)] == [1, 2]


def test_template_replaced_by_number_keeps_its_name(write: Write) -> None:
    weekly = WorkflowTemplate.objects.create(name="Weekly")
    run("import_workflow", write("nightly.yaml", NIGHTLY), "--name", f"#{weekly.pk}")
    assert WorkflowTemplate.objects.get().name == "Weekly"


def test_unknown_number_is_refused(write: Write) -> None:
    file = write("nightly.yaml", NIGHTLY)
    assert refusal("import_workflow", file, "--name", "#7").startswith(
        "workflow template #7 not found; "
    )


def test_name_of_digits_in_a_file_is_a_name(write: Write) -> None:
    weekly = WorkflowTemplate.objects.create(name="Weekly")
    run("import_workflow", write("t.yaml", NIGHTLY.replace("Nightly", f"'{weekly.pk}'")))
    assert template_named(f"#{weekly.pk}").name == "Weekly"
    assert template_named(str(weekly.pk)).name == str(weekly.pk)


def test_templates_are_found_by_name_or_number() -> None:
    template = WorkflowTemplate.objects.create(name="Nightly")
    for name in ("Nightly", f"#{template.pk}", str(template.pk)):
        assert template_named(name) == template
    for name in ("nightly", "", "#", "#x", "0", "9" * 30):
        with pytest.raises(NotFound):
            template_named(name)
    WorkflowTemplate.objects.create(name="Nightly")
    with pytest.raises(Conflict, match=f"#{template.pk}, #"):
        template_named("Nightly")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("", "it is empty; a template has a name and steps"),
        ("- a\n- b\n", "A template must be an object with a name and steps."),
        ("just a text", "A template must be an object with a name and steps."),
        (NIGHTLY[:40], "line 5: "),
        (NIGHTLY + "- step_id: load\n  title: X\n", "duplicate step_id 'load'"),
        (NIGHTLY + "extra: 1\n", "extra: Unknown field"),
        ("name: A\nsteps: []\n", "a template needs at least one step"),
        (nightly(colour="red"), "step 'copy': "),
        (nightly(payload="rm"), "step 'copy': payload: 'rm' is not an object"),
        (nightly(payload={"command": "rm"}), "step 'copy': payload.command: 'rm' is not a list"),
        (nightly(payload={"command": ["{{ x"]}), "step 'copy': payload: '{{ x': "),
        (nightly(timeout_seconds=0), "step 'copy': timeout_seconds: 0 is less than"),
        (nightly(depends_on=["copy"]), "step 'copy' depends on itself"),
        (nightly(depends_on=["nope"]), "step 'copy' depends on unknown step 'nope'"),
        (nightly(runner="nowhere"), "step 'copy': runner: there is no runner named 'nowhere'"),
        (nightly(title="\0"), "The template contains a NUL character"),
    ],
)
def test_invalid_template_is_refused_naming_file_step_and_field(
    content: Any, why: str, write: Write
) -> None:
    file = write("t.json" if isinstance(content, dict) else "t.yaml", content)
    assert refusal("import_workflow", file).startswith(f"{file}: {why}")


def test_each_problem_is_on_its_own_line(write: Write) -> None:
    bad = nightly(title="", timeout_seconds=0)
    file = write("t.json", {**bad, "colour": "red"})
    output = refusal("import_workflow", file).splitlines()
    assert len(output) == 3
    assert all(line.startswith(f"{file}: ") for line in output)


def test_refused_import_keeps_the_stored_version(write: Write) -> None:
    run("import_workflow", write("t.json", nightly()))
    refusal("import_workflow", write("t.json", nightly(runner="nowhere", title="Other")))
    template = WorkflowTemplate.objects.get()
    assert (template.version, spec_of(template).steps[0].title) == (1, "Copy")


def test_unreadable_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes("name: Größe".encode("latin-1"))
    for name, why in (
        ("missing.yaml", " cannot be read: No such file or directory; give a file"),
        ("", " cannot be read: Is a directory; give a file"),
        ("latin.yaml", ": it is not text in UTF-8; save it as such"),
    ):
        assert refusal("import_workflow", tmp_path / name).startswith(f"{tmp_path / name}{why}")


def test_a_file_that_is_too_large_is_refused(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", len(NIGHTLY) - 1)
    file = write("nightly.yaml", NIGHTLY)
    assert refusal("import_workflow", file) == f"{file}: larger than {len(NIGHTLY) - 1} bytes"


def test_byte_order_mark_is_ignored(write: Write) -> None:
    assert "created" in run("import_workflow", write("t.yaml", "\ufeff" + NIGHTLY))
    assert "replaced" in run("import_workflow", write("t.json", "\ufeff" + json.dumps(nightly())))


def test_export_of_an_unknown_template_or_to_a_directory_is_refused(
    write: Write, tmp_path: Path
) -> None:
    assert refusal("export_workflow", "Nope").startswith("workflow template 'Nope' not found; ")
    run("import_workflow", write("nightly.yaml", NIGHTLY))
    assert refusal("export_workflow", "Nightly", "--output", tmp_path).startswith(
        f"{tmp_path} cannot be written: Is a directory; "
    )


def test_import_and_export_take_the_same_statements_for_any_number_of_steps(
    write: Write, django_assert_num_queries: Any
) -> None:
    for name, steps in (("Small", 2), ("Large", 1_500)):
        chain = [
            {"step_id": f"s{n}", "title": "S", "depends_on": [f"s{n - 1}"] if n else []}
            for n in range(steps)
        ]
        file = write("t.json", {"name": name, "steps": chain})
        run("import_workflow", file)
        with django_assert_num_queries(12):
            assert "unchanged" in run("import_workflow", file)
        with django_assert_num_queries(4):
            run("export_workflow", name)
