"""Many starts at the same moment: never two runs are active, and none is forgotten."""

from functools import partial
from typing import Any

import pytest

from tests.dispatch.test_places import ADA, active, limited, started
from tests.support.threads import at_once
from workflows import operations
from workflows.dispatch.auto_dispatch import begin_created_runs, begin_waiting
from workflows.models import WorkflowRun

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def test_32_starts_at_once_make_one_active_run_and_an_orderly_queue(script: Any) -> None:
    template = limited("a")
    runs = at_once([partial(started, template)] * 32)
    assert [each for each in runs if isinstance(each, Exception)] == []
    begin_created_runs(by=ADA)
    ended = []
    while True:
        begin_waiting(by=ADA)
        if not (now := active(template)):
            break
        [holder] = now
        ended.append(holder)
        operations.abort(holder, by=ADA)
    assert sorted(ended) == sorted(WorkflowRun.objects.values_list("pk", flat=True))
    assert ended[1:] == sorted(ended[1:])  # whoever came first has the first place


def test_locks_in_different_order_are_no_deadlock(script: Any) -> None:
    templates = [limited("a", locks=names) for names in (["x", "y"], ["y", "x"]) * 4]
    runs = at_once([partial(started, template) for template in templates] * 2)
    assert [each for each in runs if isinstance(each, Exception)] == []
    assert sum(len(active(template)) for template in templates) <= 1
