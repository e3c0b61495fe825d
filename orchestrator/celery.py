"""
The Celery app: what is agreed on between the site, the broker and the workers.

The attempt's row is the truth and a message only its echo: it carries the id of an attempt, which
the worker must claim in the database before it works. So a message may come twice, late or never.
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
"""Of the broker. A dispatch waits for it, twice at most, and then counts it as unreachable."""
LONGEST_UNACKNOWLEDGED_S = LONGEST_TIMEOUT_S + 3600
"""Redis delivers again what has not been acknowledged by then: no task may take so long."""

ON_REDIS = {
    "visibility_timeout": LONGEST_UNACKNOWLEDGED_S,
    "socket_connect_timeout": ANSWER_WITHIN_S,
    "socket_timeout": ANSWER_WITHIN_S,
}
ON_RABBITMQ = {
    "confirm_publish": True,  # else a message that no disk has seen counts as sent
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
        "max_retries": 0,  # a dispatch says at once that the broker is down
        **(ON_REDIS if settings.CELERY_BROKER_URL.startswith("redis") else ON_RABBITMQ),
    },
    # A message is acknowledged when its attempt has ended: a worker that dies before it has
    # claimed the attempt leaves the message to another.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # A worker that loses sight of the broker goes on with what it has claimed.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # What becomes of an attempt is reported to the database.
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    # Attempts are executed in processes of their own anyway, which a thread waits for.
    worker_pool="threads",
    worker_redirect_stdouts=False,
)
app.autodiscover_tasks(["workflows"])


@worker_process_init.connect
def _may_have_children(**_: Any) -> None:
    """Let the processes of the prefork pool start the processes in which attempts are executed."""
    # They are daemonic, which forbids it, lest they leave orphans. Ours end with their parent.
    current_process()._config["daemon"] = False  # type: ignore[attr-defined]
