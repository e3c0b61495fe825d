# /// script
# dependencies = ["prefect==3.8.8", "fastapi==0.139.0"]
# ///
"""Prefect with its server on PostgreSQL, tasks in 4 threads of one process; durable."""

import os
from typing import Any

from benchmarks.peers.protocol import RunOnce, Workload, background_program, call, serve, wait_for

PORT = os.environ["PEER_PORT"]
os.environ |= {
    "PREFECT_HOME": os.getcwd(),
    "PREFECT_API_URL": f"http://127.0.0.1:{PORT}/api",
    "PREFECT_SERVER_DATABASE_CONNECTION_URL": os.environ["DATABASE_URL"].replace(
        "postgresql://", "postgresql+asyncpg://"
    ),
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "DO_NOT_TRACK": "1",
}
SERVER = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", PORT]


def prepare(work: Workload) -> RunOnce:
    """Return a function that runs the flow to its end."""
    from prefect import flow, task
    from prefect.task_runners import ThreadPoolTaskRunner

    step = task(call)

    @flow(name=work.name, task_runner=ThreadPoolTaskRunner(max_workers=4))
    def graph() -> int:
        futures: dict[str, Any] = {}
        for each in work.order():
            upstream = [futures[other] for other in work.graph[each]]
            futures[each] = step.submit(work.function, wait_for=upstream)
        return sum(future.result() for future in futures.values())

    return graph


if __name__ == "__main__":
    with background_program(*SERVER):
        wait_for(f"http://127.0.0.1:{PORT}/api/health")
        serve(prepare)
