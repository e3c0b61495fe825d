"""Operations in a transaction of the caller's live and die with it, and leave it as it was."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from django.db import OperationalError, connection, connections, transaction

from runners.models import Runner
from tests.factories import TemplateFactory
from tests.support.scripted import Script, ScriptedBackend
from tests.support.threads import at_once
from tests.support.verbs import attempt, dispatch_all, start, state, states, task, trail
from workflows.models import Approval, Event, WorkflowRun
from workflows.operations import (
    Actor,
    Busy,
    Conflict,
    InsideTransaction,
    NotFound,
    approve,
    ask,
    cancel,
    declare_lost,
    dispatch_ready,
    pause,
    retry,
    start_run,
)
from workflows.runs.locks import lock_run

SHOP = Actor(name="shop", via="code")


def closing_connections(call: Callable[[], None]) -> None:
    try:
        call()
    finally:
        connections.close_all()


class Undone(Exception):
    """What a caller raises to roll back."""


@contextmanager
def rolled_back() -> Iterator[None]:
    with suppress(Undone), transaction.atomic():
        yield
        raise Undone


@pytest.mark.django_db(transaction=True)
def test_run_dies_with_the_transaction_of_its_caller(script: Script) -> None:
    template = TemplateFactory.create(drawing="a")
    with rolled_back():
        start_run(template, by=SHOP, auto_dispatch=True)
    assert not WorkflowRun.objects.exists()
    assert not Event.objects.exists()
    assert script.titles == []


@pytest.mark.django_db(transaction=True)
def test_run_is_dispatched_after_the_outermost_commit(script: Script) -> None:
    template = TemplateFactory.create(drawing="a")
    with transaction.atomic():
        with transaction.atomic():
            run = start_run(template, by=SHOP, auto_dispatch=True)
        assert (state(run), script.titles) == ("created", [])
    assert (states(run), script.titles) == ({"a": "dispatched"}, ["a"])


@pytest.mark.django_db(transaction=True)
def test_run_of_a_savepoint_that_is_rolled_back_is_not_dispatched(script: Script) -> None:
    template = TemplateFactory.create(drawing="a")
    with transaction.atomic():
        kept = start_run(template, by=SHOP, auto_dispatch=True)
        with rolled_back():
            start_run(template, by=SHOP, auto_dispatch=True)
    assert [*WorkflowRun.objects.all()] == [kept]
    assert script.titles == ["a"]


@pytest.mark.django_db(transaction=True)
def test_refusal_leaves_the_transaction_of_the_caller_usable(script: Script) -> None:
    template = TemplateFactory.create(drawing="a")
    with transaction.atomic():
        run = start_run(template, by=SHOP)
        with pytest.raises(Conflict):
            retry(task(run, "a").pk, by=SHOP)
        with pytest.raises(NotFound):
            start_run("none", by=SHOP)
        pause(run.pk, by=SHOP)
    assert state(run) == "paused"


@pytest.mark.django_db(transaction=True)
def test_operations_that_call_runners_refuse_a_transaction(script: Script) -> None:
    run = start_run(TemplateFactory.create(drawing="a"), by=SHOP, auto_dispatch=True)
    sentence = "was called inside a transaction; call it after that has committed"
    with transaction.atomic():
        with pytest.raises(InsideTransaction, match=f"dispatch_ready {sentence}"):
            dispatch_ready(run.pk, by=SHOP)
        with pytest.raises(InsideTransaction, match=f"ask {sentence}"):
            ask(task(run, "a").pk, by=SHOP)
    assert WorkflowRun.objects.get().set_aside == ""


@pytest.mark.django_db(transaction=True)
def test_hosts_hear_of_a_cancel_after_the_commit_and_of_none_that_is_undone(script: Script) -> None:
    run = start_run(TemplateFactory.create(drawing="a"), by=SHOP, auto_dispatch=True)
    start(run, "a")
    with rolled_back():
        cancel(task(run, "a").pk, by=SHOP)
    assert (script.ended, task(run, "a").cancel_requested_at) == ([], None)
    with transaction.atomic():
        cancel(task(run, "a").pk, by=SHOP)
        assert script.ended == []
    assert script.ended == ["a"]


@pytest.mark.django_db(transaction=True)
def test_approved_and_retried_tasks_are_submitted_after_the_commit(script: Script) -> None:
    template = TemplateFactory.create(drawing="a", requires_approval=True)
    run = start_run(template, by=SHOP, auto_dispatch=True)
    with rolled_back():
        approve(Approval.objects.get().pk, by=SHOP)
    assert (states(run), script.titles) == ({"a": "pending"}, [])
    with transaction.atomic():
        approve(Approval.objects.get().pk, by=SHOP)
        assert script.titles == []
    assert script.titles == ["a"]
    with transaction.atomic():
        declare_lost(task(run, "a").pk, by=SHOP, reason="its host burned")
        retry(task(run, "a").pk, by=SHOP)
        assert script.titles == ["a"]
    assert (script.titles, attempt(run, "a").number) == (["a", "a"], 2)


@pytest.mark.django_db(transaction=True)
def test_backend_that_raises_costs_the_caller_no_hook_of_its_own(
    script: Script, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    called: list[str] = []
    run = start_run(TemplateFactory.create(drawing="a"), by=SHOP, auto_dispatch=True)
    start(run, "a")

    def fail(*_: Any) -> None:
        raise RuntimeError("no such cable")

    monkeypatch.setattr(ScriptedBackend, "cancel", fail)
    with transaction.atomic():
        cancel(task(run, "a").pk, by=SHOP)
        transaction.on_commit(lambda: called.append("mine"))
    assert called == ["mine"]
    assert "no such cable" in caplog.text


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_transaction_of_the_caller_keeps_its_settings(script: Script) -> None:
    run = start_run(TemplateFactory.create(drawing="a > b"), by=SHOP)
    dispatch_all(run)

    def settings() -> Any:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT current_setting('lock_timeout'), current_setting('enable_seqscan'),"
                " current_setting('plan_cache_mode'), current_setting('jit')"
            )
            return cursor.fetchone()

    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '7s'")
        before = settings()
        pause(run.pk, by=SHOP)
        declare_lost(task(run, "a").pk, by=SHOP, reason="gone")
        start_run(run.template_id, by=SHOP)
        assert settings() == before


@pytest.mark.django_db(transaction=True)
def test_two_threads_start_a_run_each(script: Script) -> None:
    template = TemplateFactory.create(name="nightly", drawing="a")

    def begin() -> WorkflowRun:
        with transaction.atomic():
            return start_run("nightly", by=SHOP, auto_dispatch=True)

    runs = at_once([begin, begin])
    assert {run.pk for run in WorkflowRun.objects.all()} == {
        run.pk for run in runs if isinstance(run, WorkflowRun)
    }
    assert (len(script.titles), template.pk) == (2, WorkflowRun.objects.first().template_id)  # type: ignore[union-attr]


@pytest.mark.django_db(transaction=True)
def test_two_threads_that_retry_the_same_task_make_one_attempt(script: Script) -> None:
    run = start_run(TemplateFactory.create(drawing="a"), by=SHOP, auto_dispatch=True)
    declare_lost((pk := task(run, "a").pk), by=SHOP, reason="gone")

    def again() -> object:
        with transaction.atomic():
            return retry(pk, by=SHOP)

    results = at_once([again, again])
    assert sorted(type(each).__name__ for each in results) == ["Task", "WrongState"]
    assert script.titles == ["a", "a"]
    assert trail(run).count("task.retried a") == 1


@pytest.mark.django_db
def test_tests_of_a_project_see_what_follows_the_commit(
    script: Script, django_capture_on_commit_callbacks: Any
) -> None:
    template = TemplateFactory.create(drawing="a")
    with django_capture_on_commit_callbacks(execute=True):
        run = start_run(template, by=SHOP, auto_dispatch=True)
        assert state(run) == "created"
    assert (states(run), script.titles) == ({"a": "dispatched"}, ["a"])


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_run_that_somebody_else_has_locked_is_refused_in_time(local: Runner) -> None:
    run = start_run(TemplateFactory.create(drawing="a"), by=SHOP)

    def hold() -> None:
        with transaction.atomic():
            lock_run(run.pk)
            locked.set()
            tried.wait(20)

    locked, tried = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1) as pool:
        holding = pool.submit(closing_connections, hold)
        assert locked.wait(20)
        with transaction.atomic():
            start_run(run.template_id, by=SHOP)
            with pytest.raises((Busy, OperationalError)):
                pause(run.pk, by=SHOP)
        tried.set()
        holding.result(20)
    assert (state(run), WorkflowRun.objects.count()) == ("created", 2)
