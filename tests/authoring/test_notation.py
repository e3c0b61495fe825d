"""YAML and JSON are read strictly, and written so that every parser agrees."""

from typing import Any

import pytest
import yaml
from hypothesis import given, settings

from tests.authoring.strategies import JSON, NASTY
from workflows.authoring.yaml_json import Unreadable, read_json, read_yaml, write_yaml


@settings(deadline=None)  # machines are slow at times
@given(JSON)
def test_written_data_is_read_back(data: Any) -> None:
    assert repr(read_yaml(write_yaml(data))) == repr(data)


@pytest.mark.parametrize("text", NASTY)
def test_text_stays_text_for_every_yaml_parser(text: str) -> None:
    data = {"value": text, text: ["key"]}
    assert read_yaml(write_yaml(data)) == yaml.safe_load(write_yaml(data)) == data


@settings(deadline=None)  # machines are slow at times
@given(JSON)
def test_other_yaml_parsers_read_the_same(data: Any) -> None:
    assert repr(yaml.safe_load(write_yaml(data))) == repr(data)


@pytest.mark.parametrize(
    ("text", "data"),
    [
        ("2024-01-01", "2024-01-01"),
        ("12:30:00", "12:30:00"),
        ("0755", "0755"),
        ("0x1F", "0x1F"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("'yes'", "yes"),
        ('"1"', "1"),
        ("1", 1),
        ("-1.50", -1.5),
        ("1e3", 1000.0),
        ("True", True),
        ("null", None),
        ("", None),
    ],
)
def test_unquoted_word_is_a_json_value_or_text(text: str, data: Any) -> None:
    assert repr(read_yaml(f"a: {text}")) == repr({"a": data})


def test_a_long_text_is_written_line_by_line() -> None:
    assert write_yaml({"sql": "SELECT 1\nFROM x\n"}) == "sql: |\n  SELECT 1\n  FROM x\n"


def test_shared_data_is_written_without_aliases() -> None:
    shared = ["x"]
    assert read_yaml(write_yaml([shared, shared])) == [["x"], ["x"]]


BOMB = "a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is empty"),
        ("# only a comment\n", "is empty"),
        ("a:\n  b: [1, 2", "line 3"),
        ("steps:\n- step_id: a\n  title: 'A", "line 3"),
        ("a: 1\nb: 2\na: 3", "line 3: duplicate key 'a'"),
        ("a:\n  b: 1\n  b: 2", "line 3: duplicate key 'b'"),
        (BOMB, r"line 2: aliases \(\*a\)"),
        ("a: &a 1\nb:\n  <<: *a", r"line 3: aliases"),
        ("a: !!python/object:os.system x", "line 1: tags"),
        ("a: !!binary eA==", "line 1: tags"),
        ("a: 1\n2: b", "line 2: the key '2' is not text"),
        ("[a]: b", "line 1: the key of this mapping is not text"),
        ("a: 1\nb: yes", 'line 2: yes may mean a boolean or a text; write true, false or "yes"'),
        ("on: push", "line 1: on may mean"),
        ("a: 1\n---\na: 2", "line 2: the file contains a second document"),
        ("a: 1e999", "line 1: the number 1e999 is too large"),
        ("a: " + "9" * 5_000, "line 1: .*digits"),
        ("[" * 100_000, "line 1: nested too deeply"),
        ("{a: " * 100_000, "line 1: nested too deeply"),
        ("a: \x01", "control characters are not allowed"),
        ("\ta: 1", "line 1: .*token: it is a tab; indent by spaces"),
        ("a:\n\tb: 1", "line 2: .*it is a tab; indent by spaces"),
        ("x: {{ params.day }}", "line 1: .*in quotes, as in '{{ params.day }}'"),
        ("a:\n  b: {x: {{ params.day }}}", "line 2: .*in quotes, as in '{{ params.day }}'"),
        ("a: {{ params.day }}/x\nb: 1", "line 1: .*in quotes, as in '{{ params.day }}'"),
    ],
)
def test_yaml_beyond_json_is_refused_with_its_line(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_yaml(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "line 1, column 1"),
        ('{"a": 1,\n "b": }', "line 2, column 7"),
        ('{"a": 1, "a": 2}', "duplicate key 'a'"),
        ("[NaN]", "NaN is not a number"),
        ("[-Infinity]", "Infinity is not a number"),
        ("[1e999]", "1e999 is too large"),
        ("9" * 5_000, "digits"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_invalid_json_is_refused(text: str, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        read_json(text)
