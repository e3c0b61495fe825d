"""Work that is done again and again is done once, for all processes together."""

import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from functools import partial

import pytest
from django.core.management import CommandError, call_command
from django.db.models import F
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.support.actors import who
from tests.support.threads import at_once
from workflows import periodic
from workflows.models import LastLook
from workflows.models.actor import Actor

PERIOD = timedelta(minutes=1)
CRON = who("cron")

Calls = list[tuple[str, str]]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """Begin with no registered work, in a process that has not looked yet."""
    monkeypatch.setattr(periodic, "_registered", {})
    forget()
    return []


@pytest.fixture
def register(calls: Calls) -> Callable[..., None]:
    """Register work that notes its calls."""

    def make(name: str, *, every: timedelta = PERIOD, done: str = "done") -> None:
        def function(*, by: Actor) -> Counter[str]:
            calls.append((name, by.name))
            return Counter({done: 1})

        periodic.register(name, function, every)

    return make


def fail(*, by: Actor) -> Counter[str]:
    """Fail, as work on wrong rows does."""
    raise ZeroDivisionError("of no use")


def forget() -> None:
    """Look again at once, as another process would."""
    periodic._next_look["at"] = 0.0


def pass_time(span: timedelta) -> None:
    """Let all looks be older."""
    LastLook.objects.update(at=F("at") - span)
    forget()


@pytest.mark.django_db
def test_work_is_done_once_in_its_period(calls: Calls, register: Callable[..., None]) -> None:
    register("sweep")
    assert periodic.run_due(by=CRON).done == {"done": 1}
    forget()
    assert periodic.run_due(by=CRON).done == {}
    pass_time(PERIOD - timedelta(seconds=5))
    periodic.run_due(by=CRON)
    assert calls == [("sweep", "cron")]

    pass_time(timedelta(seconds=5))
    periodic.run_due(by=who("local runner"))
    assert calls == [("sweep", "cron"), ("sweep", "local runner")]


@pytest.mark.django_db
def test_looking_costs_one_statement_and_looking_again_none(
    register: Callable[..., None], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for name in ("sweep", "count"):
        register(name)
    periodic.run_due(by=CRON)
    with django_assert_num_queries(0):
        periodic.run_due(by=CRON)
    forget()
    with django_assert_num_queries(1):
        periodic.run_due(by=CRON)


@pytest.mark.django_db
def test_process_looks_again_when_something_can_be_due(register: Callable[..., None]) -> None:
    register("often", every=timedelta(seconds=1))
    register("seldom", every=timedelta(days=1))
    before = time.monotonic()
    periodic.run_due(by=CRON)
    assert before + 0.5 <= periodic._next_look["at"] <= time.monotonic() + 1


@pytest.mark.django_db
def test_look_in_the_future_keeps_nobody_from_working(
    calls: Calls, register: Callable[..., None]
) -> None:
    register("sweep")
    LastLook.objects.create(name="sweep", at=timezone.now() + timedelta(days=30))
    periodic.run_due(by=CRON)
    assert calls == [("sweep", "cron")]


@pytest.mark.django_db
def test_failed_work_is_logged_and_the_rest_is_done(
    calls: Calls, register: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    periodic.register("divide", fail, PERIOD)
    register("sweep")

    result = periodic.run_due(by=CRON)

    assert [*result.failures] == ["divide"]
    assert calls == [("sweep", "cron")]
    assert "Periodic work failed: divide" in caplog.text
    assert "ZeroDivisionError: of no use" in caplog.text


@pytest.mark.django_db
def test_process_that_died_in_a_round_is_not_waited_for(
    calls: Calls, register: Callable[..., None]
) -> None:
    def die(*, by: Actor) -> Counter[str]:
        raise KeyboardInterrupt

    periodic.register("sweep", die, PERIOD)
    with pytest.raises(KeyboardInterrupt):
        periodic.run_due(by=CRON)

    register("sweep")
    forget()
    periodic.run_due(by=CRON)
    assert calls == []
    pass_time(PERIOD)
    periodic.run_due(by=CRON)
    assert calls == [("sweep", "cron")]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_new", [True, False])
def test_one_of_many_processes_does_the_work(
    calls: Calls, register: Callable[..., None], is_new: bool
) -> None:
    register("sweep")
    if not is_new:
        LastLook.objects.create(name="sweep", at=timezone.now() - PERIOD)

    def look() -> object:
        forget()
        return periodic.run_due(by=CRON)

    results = at_once([look] * 6)

    assert [each for each in results if isinstance(each, Exception)] == []
    assert calls == [("sweep", "cron")]


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["tick", "rescue"])
def test_command_does_everything_due_or_not(
    calls: Calls,
    register: Callable[..., None],
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    register("sweep", done="swept")
    register("count", done="counted")
    periodic.run_due(by=CRON)

    call_command(command)

    assert [name for name, _ in calls] == ["sweep", "count"] * 2
    assert capsys.readouterr().out == "Settled: 1 counted, 1 swept.\n"
    assert LastLook.objects.count() == 2


@pytest.mark.django_db
def test_command_says_what_failed_after_it_has_done_the_rest(
    register: Callable[..., None], capsys: pytest.CaptureFixture[str]
) -> None:
    periodic.register("divide", fail, PERIOD)
    register("sweep", done="swept")

    with pytest.raises(CommandError, match=r"divide failed: ZeroDivisionError\('of no use'\)"):
        call_command("tick")

    assert capsys.readouterr().out == "Settled: 1 swept.\n"


def test_each_piece_of_upkeep_is_registered() -> None:
    assert {*periodic._registered} >= {"recovery", "holds", "free places", "presence", "counters"}
    assert partial(periodic.counted("released", lambda by: 2), by=CRON)() == {"released": 2}
