"""
The Celery app: settings that the site and the workers share.

A message carries the id of an attempt and nothing else; the worker must claim that attempt in the
database before it executes it. So a message may arrive twice, late or never without harm.
"""

import os
from multiprocessing import current_process
from typing import Any

from celery import Celery
from celery.signals import worker_process_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")

from django.conf import settings

from runners.base import LONGEST_TIMEOUT_S

ANSWER_WITHIN_S = 2
"""Time-out of the broker. A dispatch waits at most twice this long before it is refused."""
LONGEST_UNACKNOWLEDGED_S = LONGEST_TIMEOUT_S + 3600
"""Redis redelivers a message that was not acknowledged by then: longer than any task may take."""

ON_REDIS = {
    "visibility_timeout": LONGEST_UNACKNOWLEDGED_S,
    "socket_connect_timeout": ANSWER_WITHIN_S,
    "socket_timeout": ANSWER_WITHIN_S,
}
ON_RABBITMQ = {
    "confirm_publish": True,  # otherwise a message counts as sent before the broker stored it
    "connect_timeout": ANSWER_WITHIN_S,
    "read_timeout": ANSWER_WITHIN_S,
    "write_timeout": ANSWER_WITHIN_S,
}

app = Celery("orchestrator")
app.conf.update(
    broker_url=settings.CELERY_BROKER_URL,
    broker_connection_timeout=ANSWER_WITHIN_S,
    broker_connection_retry_on_startup=True,
    broker_transport_options={
        "max_retries": 0,  # a dispatch reports at once that the broker is down
        **(ON_REDIS if settings.CELERY_BROKER_URL.startswith("redis") else ON_RABBITMQ),
    },
    # Acknowledge a message when its attempt has ended: if a worker dies before it has claimed the
    # attempt, the message goes to another worker.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # A worker that loses the connection to the broker finishes what it has claimed.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # The outcome of an attempt is reported to the database, not to a result backend.
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    # Each attempt is executed in a process of its own; a thread only waits for it.
    worker_pool="threads",
    worker_redirect_stdouts=False,
)
app.autodiscover_tasks(["workflows"])


@worker_process_init.connect
def _may_have_children(**_: Any) -> None:
    """Allow processes of the prefork pool to start child processes for attempts."""
    # Daemonic processes may not have children, lest these be orphaned. Ours end with their parent.
    current_process()._config["daemon"] = False  # type: ignore[attr-defined]
