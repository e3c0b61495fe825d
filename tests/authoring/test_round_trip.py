"""An exported template is imported as the same template."""

from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.authoring.conftest import Write, run
from tests.authoring.strategies import templates
from workflows.authoring.files import as_yaml, template_named
from workflows.authoring.spec import TemplateSpec, parse_template
from workflows.authoring.yaml_json import read_yaml

EVERYTHING = r"""name: Everything
description: |
  Two lines,
  and a colon: here.
steps:
- step_id: 'yes'
  title: 'null'
- step_id: '1e3'
  title: ' leading space'
  depends_on:
  - 'yes'
  runner: local
  payload:
    command:
    - sh
    - -c
    - |
      set -e
        indented "quotes" and 'quotes'
    cwd: /tmp
    env:
      EMPTY: ''
      FLAG: 'on'
      TAB: "a\tb"
  timeout_seconds: 86400
- step_id: other
  title: Other values
  payload:
    kwargs:
      a_list: []
      an_object: {}
      b_text: '2024-01-01'
      c_true: true
      d_false: false
      e_null: null
      f_integer: -12345678901234567890
      g_float: 0.1
      h_small: 1.5e-07
      i_nested:
      - - 1
        - two
      - three: 3
"""


@pytest.mark.slow
@settings(deadline=None)  # machines are slow at times
@given(templates())
def test_any_template_survives_export_and_import(template: TemplateSpec) -> None:
    try:
        parsed = parse_template(read_yaml(as_yaml(template)))
    except Exception as exc:
        raise AssertionError(as_yaml(template)) from exc
    assert repr(parsed) == repr(template)


@pytest.mark.django_db
def test_stored_template_survives_export_and_import(write: Write) -> None:
    run("import_workflow", write("everything.yaml", EVERYTHING))
    exported = run("export_workflow", "Everything")
    assert read_yaml(exported) == read_yaml(EVERYTHING)
    assert "unchanged" in run("import_workflow", write("again.yaml", exported))
    assert run("export_workflow", "Everything") == exported


@pytest.mark.django_db
def test_export_has_fields_in_order_without_defaults(write: Write) -> None:
    steps = [
        {"title": "A", "step_id": "a", "payload": {}, "depends_on": [], "requires_approval": False},
        {
            "timeout_seconds": 5,
            "depends_on": ["a"],
            "runner": "local",
            "title": "B",
            "step_id": "b",
        },
    ]
    run("import_workflow", write("t.yaml", {"steps": steps, "description": "", "name": "T"}))
    assert run("export_workflow", "T") == (
        "name: T\nsteps:\n"
        "- step_id: a\n  title: A\n"
        "- step_id: b\n  title: B\n  depends_on:\n  - a\n  runner: local\n  timeout_seconds: 5\n"
    )


@pytest.mark.django_db
def test_export_can_write_a_file(write: Write, tmp_path: Path) -> None:
    run("import_workflow", write("everything.yaml", EVERYTHING))
    assert run("export_workflow", "Everything", "--output", tmp_path / "out.yaml") == ""
    assert read_yaml((tmp_path / "out.yaml").read_text()) == read_yaml(EVERYTHING)
    assert template_named("Everything").version == 1
