"""Processes that serve say so again and again, and are forgotten when they no longer do."""

import os
import socket
from datetime import timedelta

import pytest
from django.db.models import F
from pytest_django import DjangoAssertNumQueries

from tests.support.actors import who
from tests.support.threads import at_once
from workflows import __version__, presence
from workflows.models import Presence

pytestmark = pytest.mark.django_db


def pass_time(span: timedelta) -> None:
    Presence.objects.update(seen_at=F("seen_at") - span)


def test_process_says_what_it_is_and_what_it_serves() -> None:
    presence.seen(kind="local runner", serves=["local"])

    [row] = presence.serving()
    assert (row.host, row.pid) == (socket.gethostname(), os.getpid())
    assert (row.kind, row.version, row.serves) == ("local runner", __version__, ["local"])


def test_process_that_is_seen_again_keeps_its_row_by_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    presence.seen(kind="worker", serves=["gpu"])
    presence.seen(kind="local runner")
    pass_time(timedelta(hours=1))
    with django_assert_num_queries(1):
        presence.seen(kind="worker", serves=["cpu"])

    assert [(row.kind, row.serves) for row in presence.serving()] == [("worker", ["cpu"])]
    assert Presence.objects.count() == 2


def test_process_that_says_nothing_for_a_minute_does_not_serve() -> None:
    presence.seen(kind="worker")
    pass_time(timedelta(seconds=50))
    assert presence.serving()
    pass_time(timedelta(seconds=15))
    assert not presence.serving()


def test_process_that_stops_is_gone_at_once() -> None:
    presence.seen(kind="worker")
    presence.seen(kind="local runner")
    presence.gone(kind="worker")
    assert [row.kind for row in presence.serving()] == ["local runner"]


def test_processes_of_the_day_before_are_forgotten() -> None:
    presence.seen(kind="worker")
    pass_time(timedelta(days=1, seconds=1))
    presence.seen(kind="local runner")

    assert presence.remove_old(by=who("cron")) == {"forgotten": 1}
    assert [row.kind for row in Presence.objects.all()] == ["local runner"]
    assert presence.remove_old(by=who("cron")) == {"forgotten": 0}


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_threads_of_a_process_may_say_so_at_the_same_moment() -> None:
    assert at_once([lambda: presence.seen(kind="worker")] * 6) == [None] * 6
    assert Presence.objects.count() == 1
