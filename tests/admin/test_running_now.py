"""The runs that the dashboard shows as running, and how those of a template went."""

from datetime import timedelta

from django.test import Client
from django.utils import timezone

from tests.admin.test_dashboard import INDEX
from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.verbs import dispatch_all, walk
from workflows import operations
from workflows.models import WorkflowRun


def test_running_runs_say_when_they_will_be_done_or_what_keeps_them(
    root: Client,
) -> None:
    template = TemplateFactory.create(drawing="a", name="nightly")
    for _ in range(5):
        done = RunFactory.create(template=template)
        walk(done, "a")
        started = timezone.now() - timedelta(hours=1)
        ended = started + timedelta(minutes=10)
        WorkflowRun.objects.filter(pk=done.pk).update(started_at=started, finished_at=ended)
    on_time, late, paused = (RunFactory.create(template=template) for _ in range(3))
    for run in (on_time, late, paused):
        dispatch_all(run)
    WorkflowRun.objects.filter(pk=late.pk).update(started_at=timezone.now() - timedelta(hours=1))
    operations.pause(paused.pk, by=who("test"))
    asking = RunFactory.create(template__requires_approval=True)
    dispatch_all(asking)

    rows = {row.run.pk: row for row in root.get(INDEX).context["unfinished"]}

    assert "done <time" in rows[on_time.pk].note
    assert not rows[on_time.pk].needs_attention
    assert (rows[late.pk].note, rows[late.pk].needs_attention) == ("50 min late", True)
    assert (rows[paused.pk].note, rows[paused.pk].needs_attention) == ("paused", True)
    assert rows[asking.pk].note == "waits for approval"
    [(name, _, latest)] = root.get(INDEX).context["template_rows"]
    assert (name, latest.share, latest.usually) == ("nightly", "100 %", "10 min")
