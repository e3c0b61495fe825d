"""Secrets from the environment of an executor: commands get them, logs and results do not."""

import pytest

from runners.models import Runner
from tests.execution.conftest import Execution, log_of

TOKEN = "s3cr3t-t0ken"


@pytest.fixture(autouse=True)
def named(local: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    Runner.objects.update(secret_names=["DEPLOY_TOKEN", "NOT_SET"])
    monkeypatch.setenv("DEPLOY_TOKEN", TOKEN)
    monkeypatch.setenv("OTHER_TOKEN", "of another runner")


def test_command_gets_the_secrets_that_its_runner_names(execution: Execution) -> None:
    code = (
        "import os, sys; seen = os.environ; "
        f"sys.exit(seen['DEPLOY_TOKEN'] != '{TOKEN}' or 'OTHER_TOKEN' in seen or 'NOT_SET' in seen)"
    )
    assert execution.run({"command": ["python", "-c", code]}).exit_code == 0


def test_secret_printed_piece_by_piece_is_masked_in_the_log(execution: Execution) -> None:
    code = (
        "import os, sys, time\n"
        "for piece in ('<', *os.environ['DEPLOY_TOKEN'], '>'):\n"
        "    print(end=piece, flush=True); time.sleep(0.02)\n"
    )
    assert log_of(execution.run({"command": ["python", "-c", code]})) == "<********>"


def test_secret_is_masked_in_results_and_messages(execution: Execution) -> None:
    report = execution.run({"python": "tests.echo", "kwargs": {"value": {"deep": [f"x{TOKEN}y"]}}})
    assert report.result == {"deep": ["x********y"]}
    failed = execution.run({"python": f"no function called {TOKEN}"})
    assert "no function named 'no function called ********'" in failed.message
