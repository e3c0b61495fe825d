"""Searches of runs: what each word of the syntax finds, and what is refused."""

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.scripted import Script
from tests.support.verbs import dispatch, finish
from workflows import operations
from workflows.models import Approval, LogPiece, TaskAttempt, WorkflowRun
from workflows.search import failures, find, keys, words
from workflows.search.find import everything, search
from workflows.search.syntax import BadSearch

pytestmark = pytest.mark.django_db


def found(text: str) -> set[int]:
    runs = search(text, WorkflowRun.objects.all(), may=everything).runs
    return set(runs.values_list("pk", flat=True))


@pytest.fixture
def history(script: Script) -> dict[str, int]:
    """Make runs by name: what finds them is different for each."""
    nightly = TemplateFactory.create(name="nightly backup", labels={"team": "data"})
    export = TemplateFactory.create(name="export", labels={"team": "ops"})
    day = operations.start_run(
        template_id=nightly.pk,
        parameters={"day": "2026-11-27", "copies": 3, "source": {"table": "orders"}},
        initiated_by="Anna Ek",
        by=who("cron"),
    )
    other = operations.start_run(
        template_id=nightly.pk,
        parameters={"day": "2026-11-28", "copies": "3", "a.b": True, "tags": ["x", "y"]},
        labels={"stage": "live"},
        by=who("bob"),
    )
    old = operations.start_run(template_id=export.pk, by=who("bob"))
    WorkflowRun.objects.filter(pk=old.pk).update(created_at=timezone.now() - timedelta(days=9))
    dispatch(old)
    finish(old, "extract", "failed", message="[Errno 28] No space left on device: /var/lib")
    operations.note(old.pk, note="the inventory was late", by=who("eve"))
    return {"day": day.pk, "other": other.pk, "old": old.pk}


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("", "day other old"),
        ("state:failed", "old"),
        ("-state:failed", "day other"),
        ("state:failed state:created", "day other old"),
        ('template:"nightly backup"', "day other"),
        ("template:export", "old"),
        ("label:team=data", "day other"),
        ("label:team=data label:team=ops", "day other old"),
        ("label:team=data label:stage=live", "other"),
        ("label:stage", "other"),
        ("-label:stage", "day old"),
        ("label:team=nobody", ""),
        ("param:day=2026-11-27", "day"),
        ("param:copies=3", "day other"),
        ("param:source.table=orders", "day"),
        ("param:a.b=true", "other"),
        ("param:tags=y", "other"),
        ("-param:copies=3", "old"),
        ('by:"anna ek"', "day"),
        ("by:BOB", "other old"),
        ("-by:bob", "day"),
        ("after:7d", "day other"),
        ("before:7d", "old"),
        ("after:today before:2099-01-01", "day other"),
        ('message:"no space"', "old"),
        ("message:devi", "old"),
        ('message:"space device"', ""),
        ("note:inventory", "old"),
        ("step:extract", "day other old"),
        ("-step:extract", ""),
        ("step:extract state:failed", "old"),
        ("step:extr", ""),
        ("NIGHTLY", "day other"),
        ("bob", "other old"),
        ("bob NIGHTLY", "other"),
        ("-bob", "day"),
        ("no-such-word", ""),
    ],
)
def test_each_word_finds_its_runs(history: dict[str, int], text: str, names: str) -> None:
    assert found(text) == {history[name] for name in names.split()}


def test_number_finds_its_run(history: dict[str, int]) -> None:
    assert found(str(history["day"])) == {history["day"]}
    assert found(f"template:#{WorkflowRun.objects.get(pk=history['old']).template_id}") == {
        history["old"]
    }
    assert found("9" * 30) == set()


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("sate:failed", r"sate: is no key of a search \(.*\); did you mean 'state'"),
        ("http://host", "http: is no key of a search .words with a colon go into quotes"),
        ("state:faild", "state:faild is no state; did you mean 'failed'"),
        ("template:exprot", "template:exprot is no template; did you mean 'export'"),
        ("after:soon", "after: 'soon' is no moment; give a day such as 2026-11-27"),
        ("after:2026-02-31", "after: there is no '2026-02-31'"),
        ("after:9999-12-31T23:59-14:00", "after: there is no"),
        ("after:1d after:2d", "after: give it once; after:2d is another"),
        ("param:day", "param:day has no value; write param:NAME=VALUE"),
        ("day=2026-11-27", "write param:day=2026-11-27 or label:day=2026-11-27; in quotes"),
        ("slow:often", r"slow:often is no number from 1 to 1,000; write .* slow:1.5"),
        ("slow:nan", "slow:nan is no number"),
        ("slow:2 slow:3", "slow: give it once"),
        ("state:", "state: has no value"),
        ('by:"anna', 'by:"anna: the quotation mark has no end'),
        ('"', '": the quotation mark has no end'),
        ("a\0", "NUL"),
        ("x " * 31, "31 words; at most 30"),
        ("x" * 1001, "1,001 characters"),
    ],
)
def test_what_cannot_be_understood_is_named(history: dict[str, int], text: str, named: str) -> None:
    with pytest.raises(BadSearch, match=named):
        found(text)


def test_steps_that_many_runs_have_are_looked_up_run_by_run(
    history: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(words, "MOST_TOLD", 1)
    assert found("step:extract") == {*history.values()}


def test_who_approved_finds_the_newest_approvals(
    runs: DrawRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second, third = (runs("gate", requires_approval=True) for _ in range(3))
    for run, name in ((first, "eve"), (second, "anna"), (third, "eve")):
        approval = Approval.objects.get(task__run=run)
        (operations.reject if run == third else operations.approve)(approval.pk, by=who(name))
    assert found("approved:EV") == {first.pk}
    assert found("-approved:eve") == {second.pk, third.pk}
    monkeypatch.setattr(keys, "MOST_APPROVED", 1)
    cut = search("approved:eve", WorkflowRun.objects.all(), may=everything)
    assert not cut.runs
    assert cut.remark == "Only the newest 1 approvals were searched for approved:eve."


def test_slow_runs_are_those_that_took_longer_than_usual(runs: DrawRun) -> None:
    nightly = TemplateFactory.create(name="nightly")
    *usual, late, soon = (RunFactory.create(template=nightly) for _ in range(7))
    rare = runs("a")
    now = timezone.now()
    for run, minutes in (*((each, 10) for each in usual), (late, 16), (soon, 14), (rare, 99)):
        times = {"started_at": now - timedelta(minutes=minutes), "finished_at": now}
        state = "failed" if run == late else "success"
        WorkflowRun.objects.filter(pk=run.pk).update(state=state, template_version=1, **times)
    assert found("slow:1.5") == {late.pk}
    assert found("-slow:1.5 template:nightly") == {soon.pk, *(run.pk for run in usual)}


def test_what_a_reader_may_not_see_cannot_be_guessed(history: dict[str, int]) -> None:
    for text in (
        *("message:space", "log:x", "note:inventory", "-note:x", "step:extract", "approved:eve"),
    ):
        with pytest.raises(BadSearch, match=r"this needs the permission workflows\.view_"):
            search(text, WorkflowRun.objects.all(), may=lambda permission: False)


def test_only_so_many_runs_are_read_and_that_is_said(
    history: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert search("bob", WorkflowRun.objects.all(), may=everything).remark == ""
    monkeypatch.setattr(find, "MOST_READ", 1)
    assert found("by:bob") == {history["old"]}
    assert found("by:bob state:created") == {history["other"]}  # of those that fit otherwise
    assert found("-by:anna") == {history["old"]}
    remark = search("by:bob", WorkflowRun.objects.all(), may=everything).remark
    assert remark.startswith("Only the newest 1 runs that fit otherwise were searched for by:bob.")


def test_only_so_many_failures_are_read_and_that_is_said(
    history: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    operations.retry(TaskAttempt.objects.get().task_id, by=who("eve"))
    run = WorkflowRun.objects.get(pk=history["old"])
    dispatch(run)
    finish(run, "extract", "failed", message="still no space")
    monkeypatch.setattr(failures, "MOST_FAILURES", 1)
    found = search("message:space", WorkflowRun.objects.all(), may=everything)
    assert [each.pk for each in found.runs] == [history["old"]]
    assert found.remark == (
        "Only the newest 1 failures were searched for message:space. Add a rarer word."
    )
    assert not search("message:device", WorkflowRun.objects.all(), may=everything).remark or (
        connection.vendor != "postgresql"
    )


@pytest.mark.parametrize("text", ["log:Traceback", "log:nothing", "-log:x"])
def test_logs_are_searched_on_postgresql(history: dict[str, int], text: str) -> None:
    attempt = TaskAttempt.objects.get()
    LogPiece.objects.create(attempt=attempt, offset=0, text="…\nTraceback (most recent call last)")
    if connection.vendor != "postgresql":
        with pytest.raises(BadSearch, match="only PostgreSQL"):
            found(text)
    elif text.startswith("-"):
        with pytest.raises(BadSearch, match="not excluded"):
            found(text)
    else:
        assert found(text) == ({history["old"]} if "Trace" in text else set())


def test_parameters_that_are_no_json_break_no_search(runs: DrawRun) -> None:
    if connection.vendor == "postgresql":
        pytest.skip("PostgreSQL stores JSON alone")
    run = runs("a", parameters={"day": "x"})
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA ignore_check_constraints = ON")
        cursor.execute("UPDATE workflows_workflowrun SET parameters = '{' WHERE id = %s", [run.pk])
        cursor.execute("PRAGMA ignore_check_constraints = OFF")
    assert found("param:day=x") == set()
