"""Which templates are refused, and with which messages."""

from typing import Any

import pytest

from runners.base import LONGEST_TIMEOUT_S
from tests.support.drawing import steps_of
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.errors import Invalid
from workflows.models import TemplateStep, WorkflowTemplate


def template(*steps: Any, **more: Any) -> dict[str, Any]:
    return {"name": "nightly", "steps": list(steps), **more}


def step(step_id: str = "a", **more: Any) -> dict[str, Any]:
    return {"step_id": step_id, "title": "A step", **more}


def refusal(data: object) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        parse_template(data)
    return refused.value.fields


@pytest.mark.parametrize(
    ("steps", "words"),
    [
        ([], "at least one step"),
        ([step("a"), step("a")], "duplicate step_id 'a'"),
        ([step("a", depends_on=["b"])], "step 'a' depends on unknown step 'b'"),
        ([step("a", depends_on=["A"])], "step 'a' depends on unknown step 'A'"),
        ([step("a", depends_on=["a"])], "step 'a' depends on itself"),
        ([step("a", depends_on=["b"]), step("b", depends_on=["a"])], "cycle: a → b → a"),
        ([step("")], "step number 1: step_id"),
        ([step("a", title="")], "step 'a': title"),
        ([{"step_id": "a"}], "step 'a': title: This field is required."),
        ([step("a" * 201)], "is too long"),
        ([step("a", title="t" * 301)], "step 'a': title"),
        ([step("a", depends_on="b")], "step 'a': depends_on"),
        ([step("a", depends_on=[1])], "step 'a': depends_on.0"),
        ([step("a", color="red")], "step 'a': color: unknown field; known: step_id, title, "),
        ([step("a", payload=[])], "step 'a': payload"),
        ([step("a", payload={"command": "ls"})], "step 'a': payload.command"),
        ([step("a", payload={"command": []})], "step 'a': payload.command"),
        ([step("a", payload={"command": ["ls", 1]})], "step 'a': payload.command.1"),
        ([step("a", payload={"env": {"A": 1}})], "step 'a': payload.env.A"),
        ([step("a", payload={"command": ["ls"], "python": "noop"})], "both 'command' and 'python'"),
        ([step("a", timeout_seconds=0)], "step 'a': timeout_seconds"),
        ([step("a", timeout_seconds=LONGEST_TIMEOUT_S + 1)], "step 'a': timeout_seconds"),
        ([step("a", timeout_seconds="60")], "step 'a': timeout_seconds"),
        ([step("a", runner=7)], "step 'a': runner"),
        (["a"], "step number 1"),
    ],
)
def test_wrong_steps_are_refused_by_name(steps: list[Any], words: str) -> None:
    fields = refusal(template(*steps))
    assert list(fields) == ["steps"]
    assert words in " ".join(fields["steps"])


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"steps": [step()]}, "name"),
        ({"name": "nightly"}, "steps"),
        (template(step(), name=""), "name"),
        (template(step(), name="  "), "name"),
        (template(step(), name="n" * 201), "name"),
        (template(step(), name=7), "name"),
        (template(step(), description=None), "description"),
        (template(step(), colour="red"), "colour"),
        ({"name": "nightly", "steps": {}}, "steps"),
        ([], "non_field_errors"),
        (None, "non_field_errors"),
        (template(step(title="nul \0")), "non_field_errors"),
        (template(step(title="lone \ud800")), "non_field_errors"),
        (template(step(payload={"x": float("nan")})), "non_field_errors"),
    ],
)
def test_a_wrong_template_is_refused_by_field(data: object, field: str) -> None:
    assert list(refusal(data)) == [field]


def test_a_payload_nested_absurdly_deep_is_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(5_000):
        deep = {"deeper": deep}
    assert "nested" in str(refusal(template(step(payload=deep))))


def test_every_wrong_step_is_named() -> None:
    fields = refusal(template(step("a", depends_on=["x"]), step("b", depends_on=["y"])))
    assert len(fields["steps"]) == 2


def test_step_ids_are_opaque_and_case_sensitive() -> None:
    names = ["a", "A", "1", "with space", "a → b", "../x", "ß", "🚀"]
    steps = [step(name, depends_on=names[:i]) for i, name in enumerate(names)]
    assert [parsed.step_id for parsed in parse_template(template(*steps)).steps] == names


def test_forward_references_are_accepted() -> None:
    parsed = parse_template(template(step("b", depends_on=["a"]), step("a")))
    assert [one.step_id for one in parsed.steps] == ["b", "a"]


def test_the_same_dependency_twice_counts_as_one_edge() -> None:
    parsed = parse_template(template(step("a"), step("b", depends_on=["a", "a"])))
    assert parsed.steps[1].depends_on == ("a",)


@pytest.mark.django_db
def test_unknown_runner_is_refused_and_nothing_is_stored() -> None:
    data = {"name": "nightly", "steps": steps_of("a > b", runner="nowhere")}
    with pytest.raises(Invalid, match="there is no runner named 'nowhere'"):
        create_template(parse_template(data))
    assert not WorkflowTemplate.objects.exists()
    assert not TemplateStep.objects.exists()


def test_of_many_problems_twenty_are_named_and_the_others_counted() -> None:
    wrong = [step(f"s{number}", timeout_seconds=0) for number in range(25)]
    found = refusal(template(*wrong))["steps"]
    assert len(found) == 21
    assert found[-1] == "and 5 more"
