"""List and page of runners say how each is, and test connections."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from runners.base import RunnerAddress, RunnerUnavailable, UnknownTask
from runners.http import HttpBackend
from runners.models import Runner
from tests.admin.conftest import ClientOf, list_url, messages_of, text_of, url_of
from tests.factories import RunnerFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import dispatch_all
from workflows.admin.runner_page import last_day
from workflows.models import Presence, TaskAttempt
from workflows.models.attempt import Outcome


def http_runner(name: str = "gpu") -> Runner:
    runner: Runner = RunnerFactory.create(name=name, kind="http", url="http://gpu-1:9", capacity=8)
    return runner


def test_refusing_runner_says_since_when_why_and_what_waits(viola: Client, runs: DrawRun) -> None:
    gpu = http_runner()
    run = runs("a, b", runner="gpu")
    run.tasks.update(note="runner refused: gpu: it cannot be reached")
    gpu.note_unavailable()

    page, listed = (text_of(viola.get(url)) for url in (url_of(gpu), list_url(Runner)))

    assert "refusing since" in page
    assert "It takes no tasks. 2 tasks wait for it. it cannot be reached" in page
    assert "The next try by itself is at" in page
    assert "refusing since" in listed
    assert "0 of 8 2" in listed


def test_page_shows_other_runners_and_what_was_refused_within_a_day(
    viola: Client, runs: DrawRun, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    gpu = http_runner()
    RunnerFactory.create(name="old", is_enabled=False)
    run = runs("a, b, c")
    dispatch_all(run)
    attempts = TaskAttempt.objects.filter(task__run=run)
    attempts.update(runner=gpu, dispatched_at=timezone.now() - timedelta(hours=2))
    refused, too_old = attempts.order_by("pk")[:2]
    TaskAttempt.objects.filter(pk=refused.pk).update(outcome=Outcome.REFUSED)
    yesterday = timezone.now() - timedelta(hours=25)
    TaskAttempt.objects.filter(pk=too_old.pk).update(dispatched_at=yesterday)
    Runner.objects.filter(pk=gpu.pk).update(unavailable_since=timezone.now() - timedelta(hours=6))
    gpu.refresh_from_db()

    context = viola.get(url_of(gpu)).context
    with django_assert_num_queries(1):
        day = last_day(gpu)

    assert [(each.runner.name, each.word) for each in context["beside"]] == [
        ("gpu", "refusing"),
        ("local", "not served"),
        ("old", "disabled"),
    ]
    [bar] = day["bars"]
    assert (day["attempt_count"], day["bad_count"], bar.good, bar.bad) == (2, 1, 32, 32)
    assert bar.title.endswith("2 given to it, 1 refused")
    assert day["refused_x"] == pytest.approx(540, abs=1)


def test_disabled_runner_names_who_may_enable_it(viola: Client, client_of: ClientOf) -> None:
    client_of("kim", "runners.change_runner")
    page = text_of(viola.get(url_of(RunnerFactory.create(name="old", is_enabled=False))))

    assert "It is disabled, and is given no tasks. kim may enable it." in page


def test_processes_that_serve_are_named_with_version_and_last_sign(
    viola: Client, local: Runner
) -> None:
    assert "No process serves it now" in text_of(viola.get(url_of(local)))
    Presence.objects.create(kind="local runner", host="app-1", pid=4, version="9", serves=["local"])
    long_ago = timezone.now() - timedelta(hours=2)
    Presence.objects.create(
        kind="local runner", host="app-2", pid=5, version="8", serves=["local"], seen_at=long_ago
    )

    page = text_of(viola.get(url_of(local)))

    assert "reachable 1 process executes its tasks." in page
    assert "app-1 local runner 4 9" in page
    assert page.count("silent") == 1


@pytest.mark.parametrize(
    ("error", "level", "said"),
    [
        (UnknownTask("404"), "success", "It can be reached, and answers."),
        (RunnerUnavailable("it cannot be reached"), "error", "it cannot be reached."),
    ],
)
def test_connection_is_tested_by_operators_and_kept(
    olga: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, level: str, said: str
) -> None:
    def poll(self: HttpBackend, wire: dict[str, str], at: RunnerAddress) -> None:
        raise error

    monkeypatch.setattr(HttpBackend, "poll", poll)
    gpu = http_runner()
    answer = olga.post(url_of(gpu, "test"))

    [(was, text)] = messages_of(answer)
    assert (was, answer["Location"]) == (level, url_of(gpu))
    assert f"gpu: {said}" in text
    assert said in LogEntry.objects.get().get_change_message()
    assert f"olga, {timezone.now():%Y}" in text_of(olga.get(url_of(gpu)))


def test_test_is_refused_without_permission_and_for_kinds_that_are_not_called(
    viola: Client, olga: Client, local: Runner
) -> None:
    gpu = http_runner()

    assert "Test connection" not in text_of(viola.get(url_of(gpu)))
    assert viola.post(url_of(gpu, "test")).status_code == 403
    assert olga.get(url_of(gpu, "test")).status_code == 405
    assert messages_of(olga.post(url_of(local, "test"))) == [
        ("error", "runners of kind local are not called: nothing can be tested.")
    ]
    assert not LogEntry.objects.exists()


def test_list_takes_as_many_statements_with_more_runners(viola: Client, local: Runner) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as caught:
            viola.get(list_url(Runner))
        return len(caught)

    statements()
    one = statements()
    for number in range(5):
        http_runner(f"gpu-{number}").note_unavailable()

    assert statements() == one
