"""Whatever schema and parameters are, they are compared in bounded time, or refused by a text."""

from typing import Any

import pytest

from workflows.errors import Invalid
from workflows.payloads import budget
from workflows.payloads.parameters import check_schema, take_parameters
from workflows.payloads.schemas import is_larger

SLOW = {"type": "string", "pattern": "^(a|aa)+$"}
NEARLY = "a" * 60 + "!"
TREE: dict[str, Any] = {"type": "integer"}
for _ in range(8):
    TREE = {"anyOf": [TREE, TREE]}


def of_a(schema: dict[str, Any]) -> dict[str, Any]:
    return {"properties": {"a": schema}}


def refusal(schema: dict[str, Any], given: dict[str, Any]) -> str:
    with pytest.raises(Invalid) as refused:
        take_parameters(schema, given)
    return " ".join(refused.value.fields["parameters"])


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        (
            {"properties": {f"p{i}": SLOW for i in range(1000)}},
            {f"p{i}": NEARLY for i in range(1000)},
        ),
        (of_a({"items": SLOW}), {"a": [NEARLY] * 10_000}),
        (of_a({"contains": SLOW}), {"a": [NEARLY] * 10_000}),
        ({"patternProperties": {SLOW["pattern"]: {}}}, {NEARLY: 1}),
        ({"patternProperties": {SLOW["pattern"]: {}}, "additionalProperties": False}, {NEARLY: 1}),
        ({"propertyNames": SLOW}, {NEARLY: 1}),
        (of_a({"allOf": [{"not": TREE}] * 9}), {"a": "x" * 1_000_000}),
    ],
)
def test_whole_validation_ends_at_one_time_limit(
    schema: dict[str, Any], value: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(budget.limited.__wrapped__, "__defaults__", (0.05,))  # type: ignore[attr-defined]
    assert "cannot be checked by the schema of the template" in refusal(schema, value)


@pytest.mark.parametrize(
    ("definition", "value"),
    [
        ({"multipleOf": 0.1}, 10**400),
        ({"multipleOf": 10**400}, 1.5),
        ({"multipleOf": 1e-320}, 10**400),
    ],
)
def test_numbers_that_cannot_be_compared_are_refused_by_their_keyword(
    definition: dict[str, Any], value: object
) -> None:
    assert "multipleOf cannot be checked (OverflowError)" in refusal(of_a(definition), {"a": value})


@pytest.mark.parametrize(
    ("items", "is_unique"),
    [
        ([1, True, "1", [1], {"a": 1}, None, 0, False, 1.5], True),
        ([1, 1.0], False),
        ([{"a": [1], "b": 2}, {"b": 2, "a": [1.0]}], False),
        ([[1, 2], [2, 1]], True),
        ([{"k": number} for number in range(20_000)], True),
        ([number * (2**61 - 1) for number in range(20_000)], True),
    ],
)
def test_unique_items_are_found_in_linear_time(items: list[Any], is_unique: bool) -> None:
    schema = of_a({"uniqueItems": True})
    if is_unique:
        assert take_parameters(schema, {"a": items}) == ({"a": items}, {})
    else:
        assert refusal(schema, {"a": items}) == "a: has the same item twice"


def test_unevaluated_properties_and_items_are_refused() -> None:
    branch = {"allOf": [{"properties": {"a": {"prefixItems": [{}], "unevaluatedItems": False}}}]}
    schema = {**branch, "unevaluatedProperties": False}
    assert take_parameters(schema, {"a": [1]}) == ({"a": [1]}, {})
    assert "'b' was unexpected" in refusal(schema, {"b": 1})
    assert "a: Expected at most 0 items" in refusal(schema, {"a": [1, 2, 3]})


def test_additional_properties_are_those_that_no_pattern_names() -> None:
    schema: dict[str, Any] = {"properties": {"a": {}}, "patternProperties": {"^x-": {}}}
    schema["additionalProperties"] = False
    assert take_parameters(schema, {"a": 1, "x-b": 2}) == ({"a": 1, "x-b": 2}, {})
    assert "'b' was unexpected" in refusal(schema, {"a": 1, "b": 2})


def test_twenty_problems_are_named_at_most() -> None:
    schema = {"properties": {f"p{i}": {"type": "integer"} for i in range(100)}}
    with pytest.raises(Invalid) as refused:
        take_parameters(schema, {f"p{i}": "x" * 10_000 for i in range(100)})
    texts = refused.value.fields["parameters"]
    assert len(texts) == 20
    assert max(map(len, texts)) < 400


def test_schema_and_parameters_have_a_largest_size() -> None:
    large = {"properties": {f"p{i}": {"enum": [1, 2, 3, 4]} for i in range(1_000)}}
    assert list(check_schema(large)) == [
        "the schema is too large: it may have at most 5,000 values"
    ]
    assert "at most 100,000 values" in refusal(of_a({}), {"a": [0] * 100_000})
    assert is_larger([1, 2], 2)
    assert not is_larger([1, 2], 3)


@pytest.mark.parametrize(
    ("schema", "problem"),
    [
        (
            {"allOf": [{"patternProperties": {"^a": {}}}], "unevaluatedProperties": False},
            "allOf.0.patternProperties: not available in a schema with unevaluatedProperties",
        ),
        (of_a({"items": {"$ref": "#"}}), "properties.a.items.$ref: $ref is not available"),
        (of_a({"minLength": "x"}), "properties.a.minLength: 'x' is not a whole number"),
    ],
)
def test_wrong_schema_is_refused_by_its_path(schema: dict[str, Any], problem: str) -> None:
    assert [text for text in check_schema(schema) if problem in text]


def test_parameters_may_be_named_like_keywords() -> None:
    names = ("$ref", "writeOnly", "default", "patternProperties")
    schema = {"properties": {name: {"type": "string"} for name in names}}
    assert list(check_schema(schema)) == []
    assert take_parameters(schema, dict.fromkeys(names, "x"))[0] == dict.fromkeys(names, "x")
