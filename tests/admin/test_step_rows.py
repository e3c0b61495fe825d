"""The rows of steps that differ in texts alone are rendered once."""

from typing import Any

from django.template.loader import render_to_string
from django.test import Client

from workflows.admin.templates.step_rows import ROW
from workflows.admin.templates.steps import rows_of, step_formset
from workflows.authoring.spec import parse_template


def test_rows_from_one_pattern_are_those_that_each_form_would_show(root: Client) -> None:
    hostile = "</textarea>\n\ue000title\ue000 & \"'<b>{{ x }}"
    steps: list[dict[str, Any]] = [
        {"step_id": "a", "title": hostile, "payload": {"command": [hostile]}},
        {"step_id": "b", "depends_on": ["a"], "requires_approval": True, "timeout_seconds": 60},
        {"step_id": "c", "title": "C", "runner": "local", "payload": {}},
    ]
    spec = parse_template({"name": "x", "steps": [{"title": "t", **step} for step in steps]})
    formset = step_formset(blank=2)(initial=rows_of(spec.steps))

    one_by_one = [render_to_string(ROW, {"form": form}) for form in formset.forms]

    assert [row.replace(' value=""', "") for row in formset.rows] == [
        row.replace(' value=""', "") for row in one_by_one
    ]
    assert len(one_by_one) == 5
