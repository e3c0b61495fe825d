"""
The Celery app: the settings that the site and the workers share.

A message carries only the id of an attempt, which a worker must claim in the database before it
starts anything. So a message may arrive twice, late or never.
"""

import os

import django
from celery import Celery
from celery.signals import worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")

from django.conf import settings

from runners.base import LONGEST_TIMEOUT_S
from runners.functions import UnusableModule, load_functions
from runners.shielding import shield_process

shield_process()  # a worker; the site has done so already

ANSWER_WITHIN_S = 2
"""How long a dispatch waits for the broker, at most twice, until it counts as unreachable."""
LONGEST_UNACKNOWLEDGED_S = LONGEST_TIMEOUT_S + 3600
"""Then Redis delivers a message again: longer than any task may take."""

ON_REDIS = {
    "visibility_timeout": LONGEST_UNACKNOWLEDGED_S,
    "socket_connect_timeout": ANSWER_WITHIN_S,
    "socket_timeout": ANSWER_WITHIN_S,
}
ON_RABBITMQ = {
    "confirm_publish": True,  # without it, a message counts as sent before it is stored
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
    # A message is acknowledged when its attempt has ended: if a worker dies before it has claimed
    # the attempt, another worker gets the message.
    task_acks_late=True,
    task_reject_on_worker_lost=True,
    worker_prefetch_multiplier=1,
    # A worker that loses its connection to the broker continues what it has claimed.
    worker_cancel_long_running_tasks_on_connection_loss=False,
    # Results are reported to the database, not to Celery.
    result_backend=None,
    task_ignore_result=True,
    task_serializer="json",
    accept_content=["json"],
    timezone="UTC",
    # Each attempt is executed in a process of its own, for which a thread waits.
    worker_pool="threads",
    worker_redirect_stdouts=False,
    # Lines go where LOGGING says, as those of all processes.
    worker_hijack_root_logger=False,
)
app.autodiscover_tasks(["workflows"])


@worker_init.connect
def load_functions_first(**_: object) -> None:
    """Let a worker that cannot import a function's module not start."""
    django.setup()
    try:
        load_functions()
    except UnusableModule as exc:
        raise SystemExit(str(exc)) from exc
