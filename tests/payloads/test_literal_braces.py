"""Braces that are no expression, as Go templates have them: `docker ps --format '{{.Names}}'`."""

import pytest

from tests.execution.conftest import Execution, log_of
from tests.support.drawing import DrawRun, checked, steps_of
from tests.support.verbs import attempt, dispatch, states
from workflows.errors import Invalid

REFUSED = [
    ("{{.Names}}", "to print {{.Names}} literally, write {{ '{{.Names}}' }}"),
    ("{{ .Names }}", "to print {{ .Names }} literally, write {{ '{{ .Names }}' }}"),
    ("{{ params.x }} {{json .}}", "to print {{json .}} literally, write {{ '{{json .}}' }}"),
    ("{{.A}}\t{{.B}}", "to print {{.A}} literally, write {{ '{{.A}}' }}"),
    (r"{{printf '%s\n' .A}}", r"write {{ '{{printf \'%s\\n\' .A}}' }}"),
    ("awk '{{ print }'", "to print {{ literally, write {{ '{{' }}"),
    ("{{", "to print {{ literally, write {{ '{{' }}"),
]


@pytest.mark.parametrize(("text", "advice"), REFUSED)
def test_refusal_of_a_template_says_how_to_print_braces(text: str, advice: str) -> None:
    steps = steps_of("a", payload={"command": ["docker", "ps", "--format", text]})
    with pytest.raises(Invalid) as refusal:
        checked({"name": "t", "steps": steps})
    [error] = refusal.value.fields["steps"]
    assert error.startswith("step 'a': payload: ")
    assert error.endswith(advice)


@pytest.mark.parametrize(("text", "advice"), REFUSED)
def test_failure_of_a_task_says_how_to_print_braces(runs: DrawRun, text: str, advice: str) -> None:
    run = runs("a")
    run.tasks.update(payload={"command": ["docker", "ps", "--format", text]})
    dispatch(run)
    assert states(run) == {"a": "failed"}
    assert attempt(run, "a").message.endswith(advice)


@pytest.mark.parametrize(
    ("text", "printed"),
    [
        ("{{ '{{.Names}}' }}", "{{.Names}}"),
        ('{{ "{{.Names}}" }}', "{{.Names}}"),
        ("{{ '{{.A}}' }} {{ params.x }}", "{{.A}} 1"),
        ("{{ '{{range .X}}{{.Y}}{{end}}' }}", "{{range .X}}{{.Y}}{{end}}"),
        (r"{{ '{{printf \'%s\\n\' .A}}' }}", r"{{printf '%s\n' .A}}"),
        ("awk '{{ '{{' }} print }'", "awk '{{ print }'"),
        ("{{ '{% raw %}' }}}}", "{% raw %}}}"),
        ("{%Y-%m} {#", "{%Y-%m} {#"),
    ],
)
def test_quoted_braces_are_printed(execution: Execution, text: str, printed: str) -> None:
    payload = {"command": ["printf", "%s", text]}
    checked({"name": "t", "steps": steps_of("a", payload=payload)})
    attempts = execution.steps({"step": payload}, parameters={"x": 1})
    assert log_of(attempts["step"]) == printed
