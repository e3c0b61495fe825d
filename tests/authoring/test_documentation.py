"""The documentation page about templates is correct."""

import re
from pathlib import Path

from workflows.authoring.schema import STEP_SCHEMA
from workflows.authoring.spec import parse_template
from workflows.authoring.yaml_json import read_yaml
from workflows.payloads.filters import FILTERS
from workflows.payloads.parameters import check_schema

PAGE = (Path(__file__).parents[2] / "docs" / "templates.md").read_text()


def test_template_on_the_page_is_valid() -> None:
    text = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0]
    assert len(parse_template(read_yaml(text)).steps) == 3


def test_parameters_schema_on_the_page_is_valid() -> None:
    [text] = re.findall(r"```yaml\n(parameters_schema:.*?)```", PAGE, re.DOTALL)
    schema = read_yaml(text)["parameters_schema"]
    assert schema["required"] == ["day", "token"]
    assert list(check_schema(schema)) == []


def test_page_names_every_field_of_a_step() -> None:
    assert all(f"| `{field}` |" in PAGE for field in STEP_SCHEMA["properties"])


def test_page_names_every_filter() -> None:
    (row,) = re.findall(r"a filter is applied: (.*) \|", PAGE)
    assert re.findall(r"`(\w+)`", row) == sorted(FILTERS)
