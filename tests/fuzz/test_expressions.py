"""Random expressions over random data: nothing but a sentence comes out, and soon."""

import logging
import os
import time
from random import Random
from typing import Any

import pytest
from django.db import connection

from tests.fuzz.expressions import Expressions
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch, finish
from workflows.models import Task, WorkflowRun
from workflows.models.fields import check_json
from workflows.payloads.expressions import check_expressions
from workflows.payloads.rendering import UnknownName, render_payloads

logger = logging.getLogger(__name__)
SEED = int(os.environ.get("FUZZ_SEED", "11"))
EXPRESSIONS = int(os.environ.get("FUZZ_EXPRESSIONS", "1000"))
LONGEST_S = 4
"""Of a processor, for one payload; hardly any takes a tenth."""
DATA: dict[str, Any] = {
    "a": 3,
    "b": "b",
    "text": "Ein Straßenname, 'quoted' \\ and \"more\"\n",
    "long": "lorem ipsum " * 8_000,
    "words": ["b", "A", "a", "", "é", "ß"],
    "list": [1, [2, [3]], {"k": None}],
    "numbers": [n * (2**61 - 1) for n in range(500)],
    "mixed": [1, "1", None, True, 1.5, [], {}],
    "object": {"a": 1, "0": "zero", "items": [1], "keys": {}},
    "nothing": None,
    "flag": False,
    "big": 10**4_000,
    "float": 1.5e300,
    "0": "digit",
}
DATA["deep"] = DATA["object"]
for _ in range(40):
    DATA["deep"] = [DATA["deep"]]


@pytest.fixture
def run(runs: DrawRun) -> WorkflowRun:
    """Return a run whose first step has succeeded with a result."""
    run = runs("first > second", parameters=DATA)
    dispatch(run)
    finish(run, "first", result=DATA, exit_code=0)
    run.refresh_from_db()
    return run


@pytest.mark.timeout(0)
def test_expression_gives_a_value_or_a_sentence_in_bounded_time(run: WorkflowRun) -> None:
    task = run.tasks.get(step_id="second")
    slowest = 0.0
    for number in range(EXPRESSIONS):
        payload = Expressions(Random(f"{SEED}.{number}")).payload()  # noqa: S311
        before = time.process_time()
        try:
            evaluated(run, task, payload)
        except Exception as exc:
            exc.add_note(f"FUZZ_SEED={SEED}, expression {number}: {str(payload)[:2_000]}")
            raise
        slowest = max(slowest, time.process_time() - before)
        assert slowest < LONGEST_S, f"FUZZ_SEED={SEED}, expression {number}: {payload}"[:2_000]
    assert attempt(run, "first").outcome == "success"
    logger.warning("%s payloads of FUZZ_SEED=%s, at most %.2f s each", EXPRESSIONS, SEED, slowest)


def evaluated(run: WorkflowRun, task: Task, payload: dict[str, Any]) -> None:
    """Save, render and store a payload; assert that each step gives data or a sentence."""
    problems = list(check_expressions(payload))
    for problem in problems:
        assert_sentence(problem)
    task.payload = payload
    rendered = render_payloads(run, [task])[task.pk]
    assert not problems or isinstance(rendered, UnknownName), (problems, rendered)
    if isinstance(rendered, UnknownName):
        assert_sentence(str(rendered))
        Task.objects.filter(pk=task.pk).update(note=str(rendered))
    else:
        check_json(rendered)
        Task.objects.filter(pk=task.pk).update(payload=rendered)
    if connection.vendor == "postgresql":
        task.refresh_from_db(fields=["payload", "note"])


def assert_sentence(text: str) -> None:
    """Assert that a text tells a person something, and can be stored."""
    assert text.strip(": ")
    assert len(text) < 4_000
    assert "Traceback" not in text
    check_json(text)
