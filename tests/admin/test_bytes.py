"""Pages are small, as they are sent: compressed, with all that they may show."""

import gzip

import pytest
from django.test import Client
from django.urls import reverse

from tests.admin.conftest import list_url, url_of
from tests.factories import RunFactory, TemplateFactory
from tests.support.verbs import dispatch_all, finish
from workflows.models import Task, WorkflowRun

STEPS = 200
ROWS = 60


@pytest.fixture
def run() -> WorkflowRun:
    """Return the last of many runs of a template with many steps, of which some have failed."""
    few = TemplateFactory.create(drawing="a > b")
    for _ in range(ROWS):
        RunFactory.create(template=few)
    drawing = ", ".join(f"first > s{number} > last" for number in range(STEPS))
    run = RunFactory.create(template=TemplateFactory.create(drawing=drawing))
    dispatch_all(run)
    finish(run, "first")
    dispatch_all(run)
    for number in range(1, STEPS, 4):
        finish(run, f"s{number}", "failed")
    return run


def test_pages_of_a_large_run_are_small(root: Client, run: WorkflowRun) -> None:
    assert run.template
    kilobytes = {
        reverse("admin:index"): 5,
        list_url(WorkflowRun): 8,
        list_url(Task): 7,
        url_of(run): 13,
        f"{url_of(run).removesuffix('change/')}graph/": 4,
        f"{url_of(run).removesuffix('change/')}logs/": 3,
        url_of(Task.objects.get(run=run, step_id="s1")): 5,
        url_of(run.template, "overview"): 7,
        url_of(run.template): 9,
        f"{reverse('admin:workflows_workflowrun_compare')}?a={run.pk}&b={run.pk}": 4,
    }
    sent = {path: len(gzip.compress(root.get(path).content)) for path in kilobytes}
    assert {path: size for path, size in sent.items() if size > kilobytes[path] * 1000} == {}
