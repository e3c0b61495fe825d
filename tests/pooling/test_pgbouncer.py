"""Everything works through a PgBouncer in transaction mode, with the settings of operations.md."""

import subprocess
import sys
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from knox.models import AuthToken

from tests.doors.site import ROOT, head, request, running_site, status_of
from tests.management.conftest import wait_for
from tests.pooling.pgbouncer import pooled
from tests.support.database import environment
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch, state, states
from workflows.audit.verify import verify_run

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
MANAGE = [sys.executable, "manage.py"]


@pytest.fixture
def url() -> Iterator[str]:
    """Return the address of the test's database behind a PgBouncer with four connections."""
    with pooled() as found:
        yield found


def test_executors_execute_runs(url: str, runs: DrawRun) -> None:
    made = [
        runs("a > b, a > c, b > d, c > d", payload={"python": "noop"}, auto_dispatch=True)
        for _ in range(5)
    ]
    command = [*MANAGE, "local_runner", "--concurrency", "4"]
    variables = environment(DATABASE_URL=url)
    executors = [subprocess.Popen(command, cwd=ROOT, env=variables) for _ in range(2)]
    for run in made:
        dispatch(run)
    try:
        wait_for(lambda: {state(run) for run in made} == {"success"})
    finally:
        for executor in executors:
            executor.terminate()
            executor.wait()

    assert [verify_run(run.pk) for run in made] == [[]] * 5


def test_site_answers(url: str, runs: DrawRun) -> None:
    run = runs("a > b", payload={"python": "noop"}, auto_dispatch=True)
    user = User.objects.create_superuser("alice")
    _, token = AuthToken.objects.create(user)

    with running_site("--workers", "1", "--threads", "4", DATABASE_URL=url) as site:

        def ask(method: str, path: str) -> int:
            asked = head(method, path, authorization=f"Token {token}", content_length=0)
            return status_of(request(site.port, asked))

        assert ask("POST", f"/workflow-runs/{run.pk}/dispatch-ready") == 200
        task = attempt(run, "a").task_id
        # Often enough for psycopg to prepare the statements, if it did.
        for path in ("/readyz", "/workflow-runs", f"/tasks/{task}", f"/tasks/{task}/log") * 8:
            assert ask("GET", path) == 200

    assert states(run) == {"a": "dispatched", "b": "pending"}


def test_commands_work(url: str, runs: DrawRun) -> None:
    run = runs("a > b", payload={"python": "noop"})
    for command in (["tick"], ["dispatch_ready"], ["verify_run", str(run.pk)], ["migrate"]):
        done = subprocess.run(
            [*MANAGE, *command],
            cwd=ROOT,
            env=environment(DATABASE_URL=url),
            capture_output=True,
            text=True,
            check=False,
        )
        assert (done.returncode, done.stderr) == (0, "")
