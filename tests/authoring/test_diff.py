"""The difference between two versions of a template."""

from typing import Any

from tests.support.drawing import steps_of, template_of
from workflows.authoring.diff import Edge, StepDifference, difference


def changes(before: dict[str, Any] | None, after: dict[str, Any]) -> dict[str, str]:
    return {step.step_id: step.change for step in difference(before, after).steps}


def changed(drawing: str, step_id: str, **fields: Any) -> dict[str, Any]:
    template = template_of(drawing)
    for step in template["steps"]:
        if step["step_id"] == step_id:
            step.update(fields)
    return template


def test_steps_are_added_removed_changed_or_the_same() -> None:
    before, after = template_of("a > b > c"), template_of("a > b, d")

    assert changes(before, after) == {"a": "same", "b": "same", "d": "added", "c": "removed"}


def test_changed_step_lists_its_fields_and_their_lines() -> None:
    after = changed("a > b", "b", title="Second", payload={"command": ["true"]})

    [step] = difference(template_of("a > b"), after).changed_steps

    assert (step.change, step.fields) == ("changed", ("title", "payload"))
    assert step.lines == (
        (" ", "step_id: b"),
        ("-", "title: b"),
        ("+", "title: Second"),
        (" ", "depends_on:"),
        (" ", "- a"),
        ("+", "payload:"),
        ("+", "  command:"),
        ("+", "  - 'true'"),
    )


def test_only_lines_near_a_change_are_shown() -> None:
    arguments = [str(number) for number in range(20)]
    before = changed("a", "a", payload={"command": arguments})
    after = changed("a", "a", payload={"command": [*arguments[:-1], "last"]}, title="A")

    lines = difference(before, after).steps[0].lines

    assert (" ", "…") in lines
    assert len(lines) < 15


def test_added_and_removed_steps_list_all_their_lines() -> None:
    added, removed = difference(template_of("a"), template_of("b")).steps

    assert added == StepDifference(
        "b", "b", "added", (), (("+", "step_id: b"), ("+", "title: b"), ("+", "depends_on: []"))
    )
    assert {sign for sign, _ in removed.lines} == {"-"}


def test_edges_are_added_removed_or_the_same() -> None:
    found = difference(template_of("a > b, a > c"), template_of("a > b > c"))

    assert set(found.edges) == {
        Edge("a", "b", "same"),
        Edge("b", "c", "added"),
        Edge("a", "c", "removed"),
    }


def test_true_and_one_differ() -> None:
    before = changed("a", "a", payload={"n": 1})
    after = changed("a", "a", payload={"n": True})

    assert changes(before, after) == {"a": "changed"}


def test_reordering_marks_the_fewest_steps_as_moved() -> None:
    before, after = template_of("a, b, c, d, e"), template_of("e, a, b, d, c")

    moved = {step.step_id for step in difference(before, after).changed_steps}

    assert "e" in moved
    assert len(moved) == 2
    assert difference(before, after).steps[0].fields == ("order",)


def test_inserted_step_does_not_mark_others_as_moved() -> None:
    assert changes(template_of("a, b"), template_of("x, a, y, b, z")) == {
        "x": "added",
        "a": "same",
        "y": "added",
        "b": "same",
        "z": "added",
    }


def test_changed_fields_of_the_template_are_listed() -> None:
    before = {**template_of("a", name="old"), "approver_must_differ": True}

    found = difference(before, {**template_of("a", name="new"), "description": "more"})

    assert found.fields == ("name", "approver_must_differ", "description")
    assert ("+", "name: new") in found.lines
    assert not found.is_empty


def test_without_an_older_version_nothing_differs() -> None:
    template = template_of("a > b")

    assert difference(None, template).is_empty
    assert difference(template, template).is_empty


def test_a_large_template_is_compared_in_one_pass() -> None:
    steps = steps_of(" > ".join(f"s{number}" for number in range(10_000)))
    after = [*steps[1:], {"step_id": "new", "title": "new"}]

    found = difference({"name": "x", "steps": steps}, {"name": "x", "steps": after})

    assert [step.change for step in found.changed_steps] == ["added", "removed"]
