# /// script
# dependencies = ["apache-airflow[postgres]==3.3.2"]
# ///
"""Airflow on PostgreSQL, its LocalExecutor with 4 processes, settings as shipped; durable."""

import json
import os
import subprocess
import sys
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from secrets import token_urlsafe
from typing import Any

from benchmarks.peers.protocol import RunOnce, Workload, background_program, call, serve, wait_for

HOME = Path(os.environ["HOME"])
PORT = os.environ["PEER_PORT"]
os.environ |= {
    "AIRFLOW_HOME": str(HOME),
    # Shared by its own processes, which also import this module.
    "AIRFLOW__API_AUTH__JWT_SECRET": os.environ.get("AIRFLOW__API_AUTH__JWT_SECRET")
    or token_urlsafe(64),
    "AIRFLOW__API__PORT": PORT,
    "AIRFLOW__API__WORKERS": "1",
    "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{PORT}/execution/",
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "2",
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": os.environ["DATABASE_URL"].replace(
        "postgresql://", "postgresql+psycopg2://"
    ),
    "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
}
DAG_FILE = 'from benchmarks.peers.airflow import dag\n\nmade = dag("{}")\n'
LOOK_EVERY_S = 0.1


def dag(name: str) -> Any:
    """Return the DAG of a prepared workload; Airflow's own processes call this."""
    from airflow.providers.standard.operators.python import PythonOperator
    from airflow.sdk import DAG

    work = Workload(**json.loads((HOME / f"{name}.work").read_text()))
    with DAG(name, schedule=None) as made:
        steps = {
            step: PythonOperator(task_id=step, python_callable=call, op_args=[work.function])
            for step in work.graph
        }
        for step, upstream in work.graph.items():
            steps[step].set_upstream([steps[other] for other in upstream])
    return made


def prepare(work: Workload) -> RunOnce:
    """Store the graph, wait until Airflow has read it, and return a function that runs it."""
    from airflow.models import DagModel

    (HOME / f"{work.name}.work").write_text(json.dumps(asdict(work)))
    (HOME / "dags" / f"{work.name}.py").write_text(DAG_FILE.format(work.name))
    while not DagModel.get_current(work.name):
        time.sleep(LOOK_EVERY_S)
    return lambda: _run(work.name)


def _run(name: str) -> int:
    """Trigger a run and wait for its end; return how many of its tasks succeeded."""
    from airflow.api.common.trigger_dag import trigger_dag
    from airflow.models import DagRun
    from airflow.utils.session import create_session
    from airflow.utils.types import DagRunTriggeredByType

    triggered = trigger_dag(name, triggered_by=DagRunTriggeredByType.CLI)
    while True:
        with create_session() as session:
            (run,) = DagRun.find(dag_id=name, run_id=triggered.run_id, session=session)
            if run.state in {"success", "failed"}:
                return len(run.get_task_instances(state=["success"], session=session))
        time.sleep(LOOK_EVERY_S)


if __name__ == "__main__":
    (HOME / "dags").mkdir()
    subprocess.run(
        [sys.executable, "-m", "airflow", "db", "migrate"], stdout=sys.stderr, check=True
    )
    with ExitStack() as programs:
        programs.enter_context(background_program("airflow", "api-server"))
        wait_for(f"http://127.0.0.1:{PORT}/api/v2/monitor/health")
        programs.enter_context(background_program("airflow", "scheduler"))
        programs.enter_context(background_program("airflow", "dag-processor"))
        serve(prepare)
