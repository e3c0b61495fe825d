"""Why tasks failed, in one line each: what their attempts reported, or what the logs say."""

import re
from collections.abc import Collection
from typing import NamedTuple

from django.db.models import F

from workflows.insight.log_end import telling_lines
from workflows.insight.phrases import in_one_line
from workflows.models import TaskAttempt

MOST_READ = 20
"""The logs of so many attempts are read, the latest ones; of others, the message is enough."""
SAYS_LITTLE = re.compile(r"(exit code -?\d+)?\.?")
"""Messages that do not say why: then the log does."""


class Failure(NamedTuple):
    """How the latest attempt of a task failed."""

    message: str
    line: str
    """The line of its log that says why; empty if the message does, or the log was not read."""

    @property
    def why(self) -> str:
        """Return why, in one line."""
        return self.line or self.message or "no reason was reported"


def failures_of(task_ids: Collection[int]) -> dict[int, Failure]:
    """Return how failed tasks failed, by task id; two statements."""
    if not task_ids:
        return {}
    attempts = TaskAttempt.objects.filter(task__in=task_ids, number=F("task__attempt_count"))
    rows = attempts.order_by("-dispatched_at").values_list("task_id", "message")
    messages = {task_id: in_one_line(message) for task_id, message in rows}
    unclear = [task_id for task_id, said in messages.items() if SAYS_LITTLE.fullmatch(said)]
    lines = telling_lines(unclear[:MOST_READ])
    return {
        task_id: Failure(message, lines[task_id].text.strip() if task_id in lines else "")
        for task_id, message in messages.items()
    }
