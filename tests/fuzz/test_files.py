"""Arbitrary files are templates or refused with a reason."""

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.authoring.strategies import JSON, TEXTS
from workflows.authoring.checks import findings
from workflows.authoring.files import UnusableFile, read_content
from workflows.authoring.spec import parse_template
from workflows.errors import Invalid

MARKS = [
    *[
        "- ",
        ": ",
        "\n",
        "\n  ",
        "? ",
        "| ",
        ">-",
        "&a ",
        "*a",
        "!!python/object:os.system ",
        "<<: ",
    ],
    *["{", "}", "[", "]", "'", '"', "---", "...", "%YAML 9.9\n", "#", ",", "\\", "\t", "\ufeff"],
    *["steps", "step_id", "title", "name", "depends_on", "payload", "schemaVersion", "workflow"],
    *["1e999", "9" * 5_000, "\ud800".encode("utf-8", "surrogatepass").decode("latin-1"), "\0"],
]
NOTATION = st.lists(st.sampled_from(MARKS) | st.text(max_size=5), max_size=30).map("".join)
ANY = JSON | st.floats() | st.text()


def objects(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Draw objects with some of the fields, with valid or invalid values."""
    either = {name: field | ANY for name, field in fields.items()}
    return st.fixed_dictionaries({}, optional=either)


IDS = st.sampled_from(["a", "b", "c"]) | TEXTS
NAMES = st.lists(IDS, max_size=3)
STEP = objects(
    step_id=IDS,
    title=TEXTS,
    depends_on=NAMES,
    payload=objects(command=NAMES, python=TEXTS, kwargs=JSON, env=JSON),
    timeout_seconds=st.integers(),
)
TEMPLATE = objects(name=TEXTS, steps=st.lists(STEP, max_size=4), parameters_schema=JSON)
TASKS = objects(tasks=st.lists(objects(id=IDS, name=TEXTS, parents=NAMES, children=NAMES)))
COMMANDS = objects(tasks=st.lists(objects(id=IDS, command=objects(program=TEXTS, arguments=NAMES))))
RECORDING = objects(
    schemaVersion=st.just("1.5"), workflow=objects(specification=TASKS, execution=COMMANDS)
)

each_kind = pytest.mark.parametrize("name", ["x.yaml", "x.json"])
many = settings(max_examples=150, deadline=None, derandomize=True)


def read(name: str, content: bytes) -> None:
    """Read a file in both ways; it may only raise its documented refusals."""
    for commands in (False, True):
        with suppress(UnusableFile):
            assert isinstance(read_content(name, content, commands=commands), dict)


@each_kind
@many
@given(content=st.binary())
@example(content=b"\xff\xfe\x00")
@example(content=b"[" * 100_000)
@example(content=b"- " * 100_000)
@example(content=b'{"a":' * 1_000 + b"1" + b"}" * 1_000)
@example(content=b"a" * 10_000_000)
@example(content=b"a: &a [x]\nb: [*a, *a]")
def test_bytes_are_a_template_or_refused(name: str, content: bytes) -> None:
    read(name, content)


@each_kind
@many
@given(text=NOTATION)
def test_text_is_a_template_or_refused(name: str, text: str) -> None:
    read(name, text.encode("utf-8", "surrogatepass"))


@each_kind
@many
@given(data=TEMPLATE | RECORDING)
def test_data_is_a_template_or_refused(name: str, data: Any) -> None:
    read(name, json.dumps(data).encode())


@many
@given(data=TEMPLATE)
def test_any_data_is_a_template_with_or_without_findings_or_refused(data: Any) -> None:
    with suppress(Invalid):
        spec = parse_template(data)
        assert spec.steps
        assert all(each.text for each in findings(spec, {None: "local", "gpu": "http"}))
