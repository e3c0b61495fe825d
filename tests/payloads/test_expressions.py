"""Rendering `{{ params.x }}` and `{{ tasks.step_id.result.y }}` in the texts of a payload."""

import time
from typing import Any

import pytest

from tests.support.actors import who
from tests.support.drawing import DrawRun, checked, steps_of
from tests.support.verbs import attempt, dispatch, dispatch_all, finish, states, task, trail
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.errors import Invalid
from workflows.models import WorkflowRun
from workflows.runs.creation import create_run

PARAMETERS = {
    "name": "Ada",
    "count": 3,
    "ratio": 0.5,
    "flag": False,
    "nothing": None,
    "items": ["a", "b"],
    "deep": {"er": {"key": "found", "items": "not a method"}},
    "empty": {},
    "with space": "yes",
    "long": "-" * 600_000,
}


@pytest.fixture
def filled(runs: DrawRun) -> Any:
    """Return the rendered text of a payload."""

    def fill(text: Any) -> Any:
        run = runs("a", payload={"prompt": text}, parameters=PARAMETERS)
        dispatch(run)
        made = attempt(run, "a")
        assert not made.message, made.message
        return made.payload["prompt"]

    return fill


@pytest.fixture
def refused(runs: DrawRun) -> Any:
    """Return why the text of a payload cannot be rendered; only its own task fails."""

    def fill(text: Any) -> str:
        run = runs("a", parameters=PARAMETERS)
        run.tasks.update(payload={"prompt": text})  # as a template from before the checks stored it
        dispatch(run)
        assert states(run) == {"a": "failed"}
        return attempt(run, "a").message

    return fill


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("plain", "plain"),
        ("Hello {{ params.name }}!", "Hello Ada!"),
        ("{{ params.name }}{{ params.count }}", "Ada3"),
        ("{{ params['with space'] }}", "yes"),
        ("{{ params.deep.er.key }}", "found"),
        ("{{ params.items[1] }}", "b"),
        ("{{ params.name | upper }}", "ADA"),
        ("{{ params.items | join('-') }}", "a-b"),
        ("{{ params.items | tojson }}!", '["a", "b"]!'),
        ("{{ 2.567 | round(1) }}", 2.6),
        ("{{ params.missing | default('none') }}", "none"),
        ("{{ params.count + 1 }}", 4),
        ("{{ 'big' if params.count > 2 else 'small' }}", "big"),
        ("{% 5 %}", "{% 5 %}"),
        ("{# not a comment #}", "{# not a comment #}"),
        ("line\n", "line\n"),
        ("{{ params.name }}\n", "Ada\n"),
    ],
)
def test_expressions_are_rendered(filled: Any, text: str, result: Any) -> None:
    assert filled(text) == result


@pytest.mark.parametrize("name", ["count", "ratio", "flag", "nothing", "items", "deep"])
def test_single_expression_keeps_its_type(filled: Any, name: str) -> None:
    assert filled(f"{{{{ params.{name} }}}}") == PARAMETERS[name]
    assert type(filled(f"{{{{ params.{name} }}}}")) is type(PARAMETERS[name])


def test_dot_looks_up_a_key_never_a_method(filled: Any) -> None:
    assert filled("{{ params.deep.er.items }}") == "not a method"


def test_expressions_are_rendered_at_any_depth(filled: Any) -> None:
    text = {"list": ["{{ params.count }}", {"key": "{{ params.name }}"}], "n": 1}
    assert filled(text) == {"list": [3, {"key": "Ada"}], "n": 1}


def test_keys_are_not_rendered(filled: Any) -> None:
    assert filled({"{{ params.name }}": 1}) == {"{{ params.name }}": 1}


def test_rendered_values_are_not_rendered_again(runs: DrawRun) -> None:
    run = runs("a", payload={"prompt": "{{ params.x }}"}, parameters={"x": "{{ params.y }}"})
    dispatch(run)
    assert attempt(run, "a").payload["prompt"] == "{{ params.y }}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{{ params.nmae }}", "unknown name 'nmae' (known: "),
        ("Hello {{ params.nmae }}", "unknown name 'nmae'"),
        ("{{ params.deep.no }}", "unknown name 'no' (known: er)"),
        ("{{ params.empty.no }}", "unknown name 'no' (known: none)"),
        ("{{ params.name.no }}", "unknown name 'no'"),
        ("{{ params.items[7] }}", "unknown name '7'"),
        ("{{ parmas.name }}", "'parmas' is undefined (known: params, tasks, run, task; "),
        ("{{range .Mounts}}", "to print braces literally, write {{ '{{…}}' }}"),
        ("{{ tasks.nowhere.result }}", "step 'nowhere' has left nothing"),
        ("{{ params.count / 0 }}", "division by zero"),
        ("{{ params.name + 1 }}", "payload"),
        ("{{ params.items | join }}{{ params.x }}", "unknown name 'x'"),
    ],
)
def test_expression_that_cannot_be_rendered_fails_with_the_reason(
    refused: Any, text: str, words: str
) -> None:
    assert words in refused(text)


NO_DATA = [
    "{{ params.__class__ }}",
    "{{ params.name.__class__.__mro__ }}",
    "{{ self }}",
    "{{ self.__init__ }}",
    "{{ cycler }}",
    "{{ namespace }}",
    "{{ range }}",
    "{{ params.name * 1000000000 }}",
    "{{ params.items * 1000000000 }}",
    "{{ ([1] * params.count)[:5] }}",
    "{{ params.name % 3 }}",
    "{{ range(10) | join(params.long) }}",
    "{{ params.long | join(params.long) }}",
    "{{ params.items | sort(attribute='__class__') }}",
    "{{ params.name | sort(attribute='upper') }}",
]
REFUSED = [
    "{{ params.name.upper() }}",
    "{{ params.items.append(1) }}",
    "{{ ''['__class__'].x }}",
    "{{ params | attr('__class__') }}",
    "{{ range(3) }}",
    "{{ lipsum() }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ 10**9**9 }}",
    "{{ 'a' * 10**9 }}",
    "{{ [0] * 1000000000 }}",
    "{{ '%1000000000d' % 1 }}",
    "{{ params.name | center(1000000000) }}",
    "{{ params.name | format(1) }}",
    "{{ params.ratio | round(1000000000, 'ceil') }}",
    "{{ 1.5 | round(1000000000) }}",
    "{{ 3 | round(-1000000000) }}",
    "{{ params.items | tojson(1000000000) }}",
    "{{ params.items | map('upper') }}",
    "{{ params.items | batch(2) }}",
    "{{ params.items | join(*params.items) }}",
    "{{ params.items | join(**params.deep) }}",
]


@pytest.mark.parametrize("text", [*NO_DATA, *REFUSED])
def test_expressions_cannot_access_anything_but_data(refused: Any, text: str) -> None:
    before = time.monotonic()
    assert refused(text)
    assert time.monotonic() - before < 5


@pytest.mark.parametrize("text", REFUSED)
def test_expression_that_no_run_could_evaluate_is_refused_when_saved(text: str) -> None:
    with pytest.raises(Invalid, match="step 'a': payload: "):
        checked({"name": "t", "steps": steps_of("a", payload={"prompt": text})})


def test_results_of_upstream_tasks_can_be_used(runs: DrawRun) -> None:
    payload = {"prompt": "{{ tasks.a.result.rows if tasks else 0 }}"}
    run = two_steps(payload)
    assert dispatch_all(run) == ["a"]
    finish(run, "a", result={"rows": 42}, exit_code=0)
    dispatch(run)
    assert attempt(run, "b").payload["prompt"] == 42


def two_steps(payload: dict[str, Any]) -> WorkflowRun:
    """Create a run in which only the second step has a payload."""
    first, second = steps_of("a > b")
    steps = [first, {**second, "payload": payload}]
    template = create_template(parse_template({"name": "two steps", "steps": steps}))
    return create_run(template_id=template.pk, by=who("test"))


@pytest.mark.parametrize("text", ["{{ tasks.a.exit_code }}", "{{ tasks['a'].exit_code }}"])
def test_a_step_is_named_with_a_dot_or_in_brackets(db: None, text: str) -> None:
    run = two_steps({"prompt": text})
    dispatch(run)
    finish(run, "a", exit_code=0)
    dispatch(run)
    assert attempt(run, "b").payload["prompt"] == 0


def test_result_is_that_of_the_last_successful_attempt(db: None) -> None:
    from workflows import operations

    run = two_steps({"prompt": "{{ tasks.a.result }}"})
    dispatch(run)
    finish(run, "a", "failed", result="bad")
    operations.retry(task(run, "a").pk, by=who("ada"))
    dispatch(run)
    finish(run, "a", result="good")
    dispatch(run)
    assert attempt(run, "b").payload["prompt"] == "good"


def test_a_task_that_has_not_succeeded_has_no_result(runs: DrawRun) -> None:
    run = runs("a, b")
    run.tasks.update(payload={"prompt": "{{ tasks.a.result }}"})  # as if before the checks
    dispatch(run, limit=None)
    assert states(run) == {"a": "failed", "b": "failed"}
    assert "step 'a' has left nothing" in attempt(run, "b").message


def test_task_that_cannot_be_rendered_does_not_keep_back_others(runs: DrawRun) -> None:
    first, second, third = steps_of("a, b, c")
    steps = [first, {**second, "payload": {"prompt": "{{ params.no }}"}}, third]
    template = create_template(parse_template({"name": "one is wrong", "steps": steps}))
    run = create_run(template_id=template.pk, by=who("test"))
    dispatch(run, limit=None)
    assert states(run) == {"a": "dispatched", "b": "failed", "c": "dispatched"}
    assert [line for line in trail(run) if line.endswith(" b")] == [
        "task.dispatched b",
        "task.failed b",
    ]
    assert attempt(run, "b").outcome == "failed"
    assert "unknown name 'no'" in run.events.get(event_type="task.failed").payload["message"]
