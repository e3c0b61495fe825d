"""Mistakes in forms of the admin: the message stands at its field, and says what to enter."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

NOOP = '{"python": "noop"}'
ONE_STEP = {"step_id": "a", "payload": NOOP}
LAUNCH, RUNNER, TEMPLATE = (
    "workflows_workflowrun",
    "runners_runner",
    "workflows_workflowtemplate",
)


def launch(**parameters: str) -> dict[str, str]:
    """Return the launch form as a browser sends it."""
    given = {"day": "2026-01-31", "token": "swordfish", **parameters}
    return {"template": "{template}", **{f"parameter-{name}": text for name, text in given.items()}}


def template(*, schema: str = "", **step: str) -> dict[str, str]:
    """Return the form of a template with one step."""
    counts = {"TOTAL": "1", "INITIAL": "0", "MIN_NUM": "0", "MAX_NUM": "200"}
    return {
        "name": "t",
        "approval_lasts": "reset",
        "parameters_schema": schema,
        **{f"steps-{name}_FORMS": count for name, count in counts.items()},
        **{f"steps-0-{name}": text for name, text in {**ONE_STEP, **step}.items()},
    }


MISTAKES: list[tuple[str, dict[str, str], str, str]] = [
    # the form, what is entered, the field, the remedy
    (LAUNCH, {"template": "999999"}, "template", "Select a valid choice"),
    (LAUNCH, launch(day=""), "parameter-day", "This field is required"),
    (LAUNCH, launch(day="2026-02-31"), "parameter-day", "such as 2026-01-31"),
    (LAUNCH, launch(token="abc"), "parameter-token", "minLength"),
    (LAUNCH, launch(copies="two"), "parameter-copies", "Enter a whole number"),
    (LAUNCH, launch(copies="0"), "parameter-copies", "less than the minimum of 1"),
    (LAUNCH, launch(mode="7"), "parameter-mode", "Select a valid choice"),
    (LAUNCH, launch(hosts="a"), "parameter-hosts", "at least 2 items"),
    (RUNNER, {"kind": "local"}, "name", "This field is required"),
    (RUNNER, {"name": "gpu", "kind": "local"}, "name", "already exists"),
    (RUNNER, {"name": "g", "kind": "http"}, "url", "such as http://gpu-1:9000"),
    (RUNNER, {"name": "g", "kind": "http", "url": "gpu:9000"}, "url", "with scheme and host"),
    (RUNNER, {"name": "g", "kind": "local", "url": "http://h"}, "url", "Leave this empty"),
    (RUNNER, {"name": "g", "kind": "local", "capacity": "-1"}, "capacity", "or equal to 1"),
    (RUNNER, {"name": "g", "kind": "local", "capacity": "9" * 12}, "capacity", "2147483647"),
    (RUNNER, {"name": "g", "kind": "celery", "queue": "a b"}, "queue", "letters, digits and"),
    (RUNNER, {"name": "g", "kind": "local", "secret_names": "A-B"}, "secret_names", "'A-B'"),
    (TEMPLATE, {**template(), "name": ""}, "name", "This field is required"),
    (TEMPLATE, template(schema="{"), "parameters_schema", "line 1, column 2"),
    (TEMPLATE, template(schema="[1]"), "parameters_schema", 'This must be an object, such as {"'),
    (TEMPLATE, template(schema='{"day": {}}'), "parameters_schema", '{"properties": {"day": …}}'),
    (TEMPLATE, template(step_id=" "), "step_id", "Give the step an id"),
    (TEMPLATE, template(payload='{"a": 1, "a": 2}'), "payload", "duplicate key 'a'"),
    (TEMPLATE, template(payload='{"command": "ls"}'), "payload", "write a list"),
    (TEMPLATE, template(timeout_seconds="1h"), "timeout_seconds", "Enter a whole number"),
    (TEMPLATE, template(runner="gpus"), "runner", "Select a valid choice"),
]


def errors(page: Any) -> dict[str, str]:
    """Return what stands at each field of a form and of its steps."""
    context = page.context
    forms = [context["adminform"].form]
    for formset in context["inline_admin_formsets"]:
        forms += formset.formset.forms
    return {name: " ".join(texts) for form in forms for name, texts in form.errors.items()}


@pytest.mark.parametrize(("form", "entered", "field", "remedy"), MISTAKES)
def test_mistake_is_shown_at_its_field_with_the_remedy(
    client: Client,
    site: dict[str, Any],
    unchanged: Callable[[], bool],
    form: str,
    entered: dict[str, str],
    field: str,
    remedy: str,
) -> None:
    client.force_login(site["alice"])
    pk = str(site["template"])
    sent = {name: each.replace("{template}", pk) for name, each in entered.items()}

    page = client.post(reverse(f"admin:{form}_add"), sent)

    assert page.status_code == 200
    assert list(errors(page)) == [field]
    assert remedy in errors(page)[field]
    assert unchanged()
