"""`manage.py check` and `rotate_secrets` as an operator calls them, with a key that is not it."""

import pytest

from tests.execution.test_secrets import COMMAND, run_with
from tests.management.conftest import manage


@pytest.mark.django_db(transaction=True)
def test_check_fails_with_another_key_and_names_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "another")
    run = run_with(a=COMMAND)

    ended, rotated = manage("check"), manage("rotate_secrets")

    assert (ended.returncode, rotated.returncode) == (1, 1)
    assert f"Secret parameters of {run} cannot be read" in ended.stderr
    assert f"{run}: cannot be read with these keys: token" in rotated.stderr
    assert manage("rotate_secrets", "--forget").returncode == 0
    assert manage("check").returncode == 0
