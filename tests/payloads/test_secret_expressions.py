"""A secret may only be used unchanged: a processed one could not be masked."""

from typing import Any

import pytest

from tests.support.actors import who
from tests.support.drawing import checked
from tests.support.secrets import VALUE, places_of
from tests.support.verbs import attempt, dispatch_all, finish, states, trail
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.errors import Invalid
from workflows.models import TemplateStep, WorkflowRun
from workflows.payloads.secrets import revealed
from workflows.runs.creation import create_run

SCHEMA = {"properties": {"token": {"type": "string", "writeOnly": True}, "day": {"type": "string"}}}
AS_IT_IS = [
    "{{ params.token }}",
    "{{ params['token'] }}",
    "Bearer {{ params.token }}, {{ params.day | upper }} {{ params.token }}",
    "{{ params.token | default('none') }}",
    "{{ params.day | default('x') | upper }}",
]
MADE_OF_IT = [
    "{{ params.token | upper }}",
    "{{ params['token'] | length }}",
    "Bearer {{ params.token | trim }}",
    "{{ 'Bearer ' ~ params.token }}",
    "{{ params.token + 'x' }}",
    "{{ params.token[:4] }}",
    "{{ params.token[0] }}",
    "{{ params.token == 'a' }}",
    "{{ 'yes' if params.token else 'no' }}",
    "{{ [params.token] | join }}",
    "{{ [params.token] }}",
    "{{ params.day | default(params.token) }}",
    "{{ params.token | default('x') | upper }}",
    "{{ params.token | string | default('x') }}",
]
ALL_OF_THEM = [
    "{{ params }}",
    "{{ params | tojson }}",
    "{{ params['to' ~ 'ken'] }}",
    "{{ params[params.day] | upper }}",
    "{{ [params][0].token | upper }}",
]


def template_of(*texts: str) -> dict[str, Any]:
    steps = [
        {"step_id": f"s{n}", "title": "s", "payload": {"kwargs": {"deep": [text]}}}
        for n, text in enumerate(texts)
    ]
    return {"name": "Secretive", "steps": steps, "parameters_schema": SCHEMA}


def older_run(*texts: str, **parameters: str) -> WorkflowRun:
    """Return a run of a template that was stored before secrets were checked."""
    template = create_template(parse_template(template_of(*[""] * len(texts))))
    for n, text in enumerate(texts):
        steps = TemplateStep.objects.filter(template=template, step_id=f"s{n}")
        steps.update(payload={"text": text})
    return create_run(template_id=template.pk, parameters=parameters, by=who("test"))


@pytest.mark.parametrize("text", AS_IT_IS)
def test_unchanged_secret_is_accepted(text: str) -> None:
    checked(template_of(text))


@pytest.mark.parametrize("text", MADE_OF_IT)
def test_template_that_processes_a_secret_is_refused(text: str) -> None:
    with pytest.raises(Invalid) as refusal:
        checked(template_of("{{ params.token }}", text))

    [error] = refusal.value.fields["steps"]
    assert error == (
        f"step 's1': payload: {text!r}: 'token' is a secret: use it only as "
        "{{ params.token }}, alone or inside a text; "
        "the result of another expression could not be masked"
    )


@pytest.mark.parametrize("text", ALL_OF_THEM)
def test_params_as_a_whole_are_refused_if_one_is_a_secret(text: str) -> None:
    data = template_of(text)
    with pytest.raises(Invalid) as refusal:
        checked(data)

    assert "params contains a secret: name a single parameter" in refusal.value.fields["steps"][0]
    checked({**data, "parameters_schema": {}})


@pytest.mark.parametrize("schema", [{"properties": []}, {"properties": {"token": True}}, {"x": 1}])
def test_schema_without_valid_secrets_refuses_no_expression(schema: dict[str, Any]) -> None:
    data = {**template_of("{{ params.token | upper }}"), "parameters_schema": schema}
    if schema.get("properties") != {"token": True}:
        with pytest.raises(Invalid, match="parameters_schema"):
            checked(data)
    else:
        checked(data)


@pytest.mark.django_db
def test_task_of_an_older_template_fails_naming_the_parameter() -> None:
    run = older_run("{{ params.token | upper }}", "{{ params }}", "{{ params.token }}", token=VALUE)

    dispatch_all(run)

    assert states(run) == {"s0": "failed", "s1": "failed", "s2": "dispatched"}
    assert "'token' is a secret" in attempt(run, "s0").message
    assert "params contains a secret" in attempt(run, "s1").message
    assert trail(run)[-2:] == ["task.failed s0", "task.failed s1"]
    assert revealed(attempt(run, "s2"))["text"] == VALUE
    assert places_of() == []


@pytest.mark.django_db
def test_jinja_statements_are_not_executed() -> None:
    run = older_run(
        "{% for c in params.token %}{{ c }}-{% endfor %}",
        "{% set t = params.token %}{{ t | upper }}",
        "{% set t = params.token %}",
        token=VALUE,
    )

    dispatch_all(run)

    assert states(run) == {"s0": "failed", "s1": "failed", "s2": "dispatched"}
    assert revealed(attempt(run, "s2"))["text"] == "{% set t = params.token %}"
    assert places_of() == []


@pytest.mark.django_db
def test_missing_secret_gets_the_default_of_the_expression() -> None:
    template = create_template(parse_template(template_of("{{ params.token | default('none') }}")))
    given = create_run(template_id=template.pk, parameters={"token": VALUE}, by=who("test"))
    not_given = create_run(template_id=template.pk, parameters={}, by=who("test"))

    for run, text in ((given, VALUE), (not_given, "none")):
        dispatch_all(run)
        assert revealed(attempt(run, "s0"))["kwargs"] == {"deep": [text]}


@pytest.mark.django_db
@pytest.mark.parametrize(
    "text",
    [
        "{{ tasks.s0.result.said }}",
        "{{ tasks.s0.result }}",
        "{{ tasks.s0.result.first }}{{ tasks.s0.result.last }}",
        "{{ params.token }} {{ tasks.s0.result.said }}",
        "{{ params.token }} {{ params.day }}",
    ],
)
def test_foreign_placeholder_is_not_replaced_by_the_secret(text: str) -> None:
    data = template_of("", text)
    data["steps"][1]["depends_on"] = ["s0"]
    mark = "⟦secret:token⟧"
    template = create_template(parse_template(data))
    run = create_run(
        template_id=template.pk, parameters={"token": VALUE, "day": mark}, by=who("test")
    )
    dispatch_all(run)
    finish(run, "s0", result={"said": mark, "first": mark[:3], "last": mark[3:]})

    dispatch_all(run)

    assert states(run)["s1"] == "failed"
    assert "an output or a parameter that it uses contains" in attempt(run, "s1").message
    assert VALUE not in str(revealed(attempt(run, "s1")))
