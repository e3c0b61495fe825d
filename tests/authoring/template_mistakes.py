"""Mistakes that authors make in templates, with what the answer to each must say."""

from typing import Any

from tests.support.drawing import steps_of

NOOP = {"python": "noop"}
DAY = {"properties": {"day": {"type": "string"}}, "additionalProperties": False}
TOKEN = {"properties": {"token": {"type": "string", "writeOnly": True}}}


def payload_of(payload: Any, **step: Any) -> dict[str, Any]:
    """Return a template in which only the step `b`, after `a`, has this payload."""
    steps = steps_of("a > b, c", payload=NOOP)
    return {"name": "t", "steps": [steps[0], {**steps[1], "payload": payload, **step}, steps[2]]}


def text(text: str, **template: Any) -> dict[str, Any]:
    """Return a template whose step `b` uses a text."""
    return {**payload_of({"command": ["echo", text]}), **template}


def step(**fields: Any) -> dict[str, Any]:
    """Return a template with one step, in which None takes a field away."""
    fields = {"step_id": "b", "title": "B", "payload": NOOP, **fields}
    return {"name": "t", "steps": [{k: v for k, v in fields.items() if v is not None}]}


def schema(schema: Any) -> dict[str, Any]:
    """Return a template with a schema of its parameters."""
    return {**payload_of(NOOP), "parameters_schema": schema}


MISTAKES: list[tuple[dict[str, Any], str, str]] = [
    # what is posted, how the answer names step and field, and the remedy
    (payload_of({"comand": ["ls"]}), "step 'b': payload.comand: unknown key", "mean 'command'?"),
    (payload_of({"Command": ["ls"]}), "step 'b': payload.Command: unknown key", "mean 'command'?"),
    (payload_of({**NOOP, "input": {}}), "step 'b': payload.input: unknown key", "known: command, "),
    (payload_of({**NOOP, "kwarg": {}}), "step 'b': payload.kwarg: unknown key", "mean 'kwargs'?"),
    (payload_of({"command": "ls -l"}), "step 'b': payload.command: ", "is not a list"),
    (payload_of({"command": ["sleep", 5]}), "step 'b': payload.command.1: 5", 'in quotes: "5"'),
    (payload_of({"command": ["x", True]}), "step 'b': payload.command.1: ", 'in quotes: "true"'),
    (payload_of({"command": []}), "step 'b': payload.command: ", "non-empty"),
    (payload_of({"command": [""]}), "step 'b': payload.command.0: ", "names no program"),
    (payload_of({"command": ["a"], "env": {"A=1": ""}}), "step 'b': payload.env: ", "no '='"),
    (payload_of({"command": ["a"], **NOOP}), "step 'b': payload: contains both", "keep one"),
    (payload_of({**NOOP, "env": {"A": 1}}), "step 'b': payload.env.A: 1", 'in quotes: "1"'),
    (payload_of({**NOOP, "kwargs": [1]}), "step 'b': payload.kwargs: ", "is not an object"),
    (payload_of({"python": "nop"}), "step 'b': payload.python: no function named", "mean 'noop'?"),
    (payload_of({"python": "shop.x"}), "step 'b': payload.python: no function", "known: "),
    (payload_of({"command": ["pwd"]}, runner="gpu"), "step 'b': payload.command: ", "kind local"),
    (payload_of(NOOP, runner="gpu"), "step 'b': payload.python: runners of kind http", "remove it"),
    (payload_of({"promt": "x"}, runner="gpu"), "step 'b': payload.promt: ", "mean 'prompt'?"),
    (payload_of({"prompt": "x"}, runner="local"), "step 'b': payload.prompt: ", "kind http"),
    (payload_of(NOOP, runner="gpus"), "step 'b': runner: ", "named 'gpus'; did you mean 'gpu'?"),
    (payload_of({**NOOP, "env": {}}), "step 'b': payload.env: only a 'command'", "remove it"),
    (payload_of({**NOOP, "cwd": "/"}), "step 'b': payload.cwd: only a 'command'", "remove it"),
    (payload_of({"command": ["ls"], "kwargs": {}}), "step 'b': payload.kwargs: only", "remove it"),
    (text("{{ params.day | shell }}"), "step 'b': payload: '{{ params.day | shell }}'", "known: "),
    (text("{{ now() }}"), "step 'b': payload: ", "calls are not available"),
    (text("{% if params.x %}y{% endif %}"), "step 'b': payload: '{% if", "a if condition else b"),
    (text("{{ params.day "), "step 'b': payload: '{{ params.day '", "'}}' is missing"),
    (text("{{ params. }}"), "step 'b': payload: '{{ params. }}'", "literally"),
    (text("{{.Names}}"), "step 'b': payload: ", "write {{ '{{.Names}}' }}"),
    (text("{{end}}"), "step 'b': payload: '{{end}}': unknown name 'end'", "print braces"),
    (text("{{ parms.day }}"), "step 'b': payload: ", "did you mean 'params'?"),
    (text("{{ day }}"), "step 'b': payload: '{{ day }}': unknown name 'day'", "known: params"),
    (text("{{ tasks.zzz.result }}"), "step 'b': payload: ", "no step 'zzz'; known: a, b, c"),
    (text("{{ tasks.c.result }}"), "step 'b': payload: ", "'c' is not upstream of 'b'; add it"),
    (text("{{ tasks.b.result }}"), "step 'b': payload: ", "'b' is this step itself"),
    (text("{{ tasks.a.resutl }}"), "step 'b': payload: ", "did you mean 'result'?"),
    (text("{{ params.dya }}", parameters_schema=DAY), "step 'b': payload: ", "to its properties"),
    (text("{{ params.days }}", parameters_schema=DAY), "step 'b': payload: ", "mean 'day'?"),
    (text("{{ params.tokn }}", parameters_schema=TOKEN), "step 'b': payload: ", "mean 'token'?"),
    (text("{{ params.token | upper }}", parameters_schema=TOKEN), "step 'b': ", "use it only as"),
    (schema({"day": {"type": "string"}}), "parameters_schema: day: ", '{"properties": {"day": …'),
    (schema({"propertes": {"a": {}}}), "parameters_schema: propertes: ", "mean 'properties'?"),
    (
        schema({"properties": {"a": {"type": "string", "writeonly": True}}}),
        "parameters_schema: a: writeonly: no keyword",
        "did you mean 'writeOnly'?",
    ),
    (schema({"type": "object"}), "parameters_schema: it describes nothing", "name the parameters"),
    (
        schema({"properties": {"day": {}}, "required": ["days"], "additionalProperties": False}),
        "parameters_schema: required: 'days' is none of the properties",
        "did you mean 'day'?",
    ),
    (
        schema({"properties": {"a": {"type": "date"}}}),
        "parameters_schema: properties.a.type: 'date' is no type",
        "format: date",
    ),
    (
        schema({"properties": {"a": {"type": "string", "pattern": "^(a|aa)+$"}}}),
        "parameters_schema: properties.a.pattern: takes too long",
        "repeat nothing",
    ),
    (
        schema({"properties": {"a": {"properties": {"b": {"writeOnly": True}}}}}),
        "parameters_schema: properties.a.properties.b.writeOnly: ",
        "parameter of its own",
    ),
    (step(title=None), "step 'b': title", "required"),
    (step(titel="x"), "step 'b': titel: unknown field", "did you mean 'title'?"),
    (step(depends_on=["b"]), "step 'b' depends on itself", ""),
    (step(depends_on=["z"]), "step 'b' depends on unknown step 'z'", ""),
    (step(timeout_seconds=0), "step 'b': timeout_seconds: ", "less than the minimum of 1"),
    ({"name": "t"}, "steps: ", "This field is required."),
    ({"steps": steps_of("b", payload=NOOP)}, "name: ", "This field is required."),
]
