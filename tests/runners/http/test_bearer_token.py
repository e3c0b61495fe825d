"""The site proves who it is to a host with the runner's token, which nobody else ever sees."""

import logging
from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from pytest_django import Settings

from runners.models import Runner
from tests.runners.http.conftest import Callback
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.host_runner import HostRunner, Reply
from tests.support.secrets import VALUE, places_of
from tests.support.verbs import attempt, dispatch, states, task, trail
from workflows import operations
from workflows.models import TaskAttempt, WorkflowRun
from workflows.payloads.secrets import MASK
from workflows.reports.polling import poll_attempts, request_cancellation

HEADER = f"Bearer {VALUE}"


@pytest.fixture
def gpu(host: HostRunner) -> Runner:
    """Give the host and its runner the same token."""
    host.token = VALUE
    runner = Runner.objects.get(name="gpu-1")
    runner.enter_credentials({"token": VALUE})
    runner.save()
    return runner


def poll(run: WorkflowRun) -> dict[str, int]:
    """Ask the host for the state of the attempts of a run."""
    attempts = TaskAttempt.objects.filter(task__run=run).select_related("runner", "task")
    return poll_attempts(list(attempts), by=who("rescue"))


def quoting(host: HostRunner) -> Reply:
    """Refuse as a host does that quotes the header."""
    return 403, {"detail": f"{'x' * 284} {host.authorizations[-1]}"}


def test_token_goes_with_submission_poll_and_cancel(
    runs: DrawRun, host: HostRunner, gpu: Runner
) -> None:
    run = runs("a")
    dispatch(run)
    poll(run)
    operations.cancel(task(run, "a").pk, by=who("ada"))
    request_cancellation([attempt(run, "a").pk], by=who("ada"))

    assert [request.split("/")[0] for request in host.asked] == ["POST ", "GET ", "POST "]
    assert host.authorizations == [HEADER] * 3
    assert states(run) == {"a": "canceled"}


def test_runner_without_token_sends_none(runs: DrawRun, host: HostRunner) -> None:
    dispatch(runs("a"))

    assert host.authorizations == [None]


def test_redirect_does_not_take_token_elsewhere(
    runs: DrawRun, host: HostRunner, gpu: Runner
) -> None:
    host.on_submit = lambda _: (307, b"")
    dispatch(runs("a"))

    assert host.asked == ["POST /tasks/submit"]


@pytest.mark.parametrize(
    ("entered", "question"),
    [("wrong-one", "is the runner's token right?"), ("", "does the runner need a token?")],
)
def test_wrong_or_missing_token_is_a_refusal_that_names_the_token(
    runs: DrawRun, host: HostRunner, gpu: Runner, entered: str, question: str
) -> None:
    gpu.enter_credentials({"token": entered})
    gpu.save()
    run = runs("a, b")

    assert dispatch(run).reason == f"runner refused: gpu-1: 401: who are you? ({question})"
    assert states(run) == {"a": "pending", "b": "pending"}
    assert "task.submit_failed a" in trail(run)
    assert len(host.authorizations) == 1  # it is the runner that is refused, not the task


def test_host_that_asks_for_another_token_later_does_not_lose_the_attempt(
    runs: DrawRun, host: HostRunner, gpu: Runner
) -> None:
    run = runs("a")
    dispatch(run)
    host.token = "changed"

    assert poll(run) == {"unanswered": 1}
    assert states(run) == {"a": "dispatched"}


def test_token_in_refusal_is_masked_before_it_is_cut(
    runs: DrawRun, host: HostRunner, gpu: Runner, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    host.on_submit = lambda _: quoting(host)
    result = dispatch(runs("a"))

    assert VALUE[:5] not in str(result.as_json())
    assert f"Bearer {MASK}" in str(result.reason)
    assert places_of(VALUE) == places_of(VALUE[:5]) == []
    assert VALUE not in caplog.text


@pytest.mark.parametrize("field", ["message", "stdout", "result"])
def test_token_in_report_is_masked(
    runs: DrawRun, host: HostRunner, gpu: Runner, callback: Callback, field: str
) -> None:
    run = runs("a")
    dispatch(run)
    answer = callback(run, "a", "success", **{field: f"I was called with {HEADER}"})

    assert answer.status_code == 200
    assert places_of(VALUE) == []
    ended = attempt(run, "a")
    logged = "".join(ended.log_pieces.values_list("text", flat=True))
    assert MASK in f"{ended.message} {ended.result} {logged}"


def test_token_that_present_keys_cannot_read_is_a_refusal(
    runs: DrawRun, host: HostRunner, gpu: Runner, settings: Settings
) -> None:
    settings.SECRET_KEY = "another"
    run = runs("a")

    assert dispatch(run).reason == (
        "runner refused: gpu-1: its token cannot be read with the present SECRETS_KEYS: "
        "enter it again"
    )
    assert states(run) == {"a": "pending"}
    assert host.authorizations == []


def test_open_attempt_waits_while_token_cannot_be_read(
    runs: DrawRun, host: HostRunner, gpu: Runner, settings: Settings
) -> None:
    run = runs("a")
    dispatch(run)
    settings.SECRET_KEY = "another"
    operations.cancel(task(run, "a").pk, by=who("ada"))

    request_cancellation([attempt(run, "a").pk], by=who("ada"))

    assert states(run) == {"a": "dispatched"}
    assert len(host.authorizations) == 1


def test_token_is_nowhere_in_plain_text(gpu: Runner, settings: Settings) -> None:
    dump = StringIO()
    call_command("dumpdata", "runners", stdout=dump)

    assert gpu.address.credentials == {"token": VALUE}
    assert VALUE not in f"{gpu!r} {gpu.address!r} {dump.getvalue()}"
    assert '"token"' in dump.getvalue()
    assert places_of(VALUE) == []


@pytest.fixture
def keys(settings: Settings) -> list[str]:
    """Return two keys; none is in use."""
    return [Fernet.generate_key().decode() for _ in range(2)]


def test_first_key_encrypts_and_all_keys_decrypt(
    gpu: Runner, keys: list[str], settings: Settings
) -> None:
    old, new = keys
    settings.SECRETS_KEYS = [old]
    assert gpu.address.credentials == {"token": VALUE}  # entered before there was a key
    gpu.enter_credentials({"token": "by old"})
    settings.SECRETS_KEYS = [new, old]
    assert gpu.address.credentials == {"token": "by old"}
    gpu.enter_credentials({"token": "by new"})
    settings.SECRETS_KEYS = [new]
    assert gpu.address.credentials == {"token": "by new"}
