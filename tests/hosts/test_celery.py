"""A host's own Celery workers execute our attempts, beside the tasks of the host."""

from collections.abc import Iterator

import pytest

from tests.hosts.conftest import Host
from tests.hosts.kinds import CELERY
from tests.hosts.person import Person
from tests.support.long import long_only
from tests.support.redis import broker

pytestmark = [pytest.mark.slow, long_only]

WORKER = ("-m", "celery", "-A", "shop", "worker", "--concurrency", "2")
LIMITS = """
CELERY_TASK_SOFT_TIME_LIMIT = 1
CELERY_TASK_TIME_LIMIT = 2
"""


@pytest.fixture
def address() -> Iterator[str]:
    """Yield the address of a broker."""
    with broker() as found:
        if found is None:
            pytest.skip("needs a broker: redis-server on the PATH, or REDIS_URL")
        yield found


def test_worker_of_the_host_executes_attempts(host: Host, address: str) -> None:
    if host.kind is not CELERY:
        pytest.skip("of the host that has a Celery app")
    host.project.append("settings.py", f'CELERY_BROKER_URL = "{address}"\n{LIMITS}')
    command = ["sh", "-c", "sleep 3; echo by a worker"]  # longer than the limits of the host
    steps = [{"step_id": "a", "title": "A", "payload": {"command": command}}]
    with (
        host.project.served() as url,
        host.project.process(*WORKER),
        Person(host.kind, url, host.kind.user) as ada,
    ):
        ada.post("/runners", name="fleet", kind="celery")
        steps[0]["runner"] = "fleet"
        template = ada.post("/workflow-templates", name="by workers", steps=steps)["id"]
        body = {"workflow_template_id": template, "auto_dispatch": True}
        run = ada.post("/workflow-runs", **body)["id"]

        ada.wait(lambda: ada.tasks(run) == {"a": "success"}, lambda: ada.tasks(run))

        assert "by a worker" in str(ada.get(f"/tasks/{ada.task(run, 'a')}/log"))
        [started] = ada.get("/events", run_id=run, event_type="task.running")["results"]
        assert started["actor"].startswith("worker celery@")
