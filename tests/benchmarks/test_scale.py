"""The history is made by the product, and whatever can be asked is asked; no times are judged."""

from typing import Any

import pytest
from django.contrib import admin
from django.core.management import call_command
from django.db import connection

from benchmarks.scale.history import build_history, build_samples, create_templates
from benchmarks.scale.hot_path import HotPath
from benchmarks.scale.results import Line, worth_publishing
from benchmarks.scale.samples import Samples
from benchmarks.scale.sites import Answer, Site
from workflows.api.urls import router
from workflows.models import Event, RunState, WorkflowRun

LISTS = [f"/admin/{m._meta.app_label}/{m._meta.model_name}/" for m in admin.site._registry]


@pytest.mark.django_db(transaction=True)
def test_history_is_true_and_whatever_the_site_offers_is_asked(settings: Any) -> None:
    settings.TASK_FUNCTION_MODULES = ["runners.functions"]
    create_templates()

    runs = build_history(400)
    samples = Samples(*build_samples())

    ended = WorkflowRun.objects.filter(state=RunState.SUCCESS)
    assert ended.count() == runs + 1
    assert Event.objects.filter(run=ended[0], task__isnull=False).count() >= 4 * 200
    call_command("verify_run", all=True, verbosity=0)

    site = Site(str(connection.settings_dict["NAME"]))
    site.prepare(samples)
    for path in LISTS:
        assert {path, f"{path}?p=2"} <= site.addresses.keys()
    for prefix, view, _ in router.registry:
        filters: Any = getattr(view, "filterset_class", None)
        for name in filters.base_filters if filters else ():
            assert any(f"/{prefix}?{name}=" in each for each in site.addresses)
    for name in ("/workflow-runs", "/admin/workflows/workflowrun/<path:object_id>/change/ (ended)"):
        assert site.get(name, times=1).status == 200

    acts = HotPath(site, 1)
    assert all(acts.once(name) for name in acts.acts)


def line(*, short_ms: float, long_ms: float, is_hot: bool = False) -> str:
    short, long = (Answer(seconds=[ms / 1e3], size=1) for ms in (short_ms, long_ms))
    return Line("a page", short, long, is_hot).is_over


def test_slow_and_growing_answers_are_marked() -> None:
    assert line(short_ms=60, long_ms=99) == ""
    assert line(short_ms=60, long_ms=101) == "100 ms"
    assert line(short_ms=10, long_ms=21) == "2×"
    assert line(short_ms=10, long_ms=14, is_hot=True) == "1.3×"
    longer = Line("a list", Answer(seconds=[0.01], size=10), Answer(seconds=[0.05], size=50))
    assert longer.is_over == "2× (a longer page)"


def test_slowest_marked_filter_of_a_list_is_published() -> None:
    lines = [
        Line(name, None, Answer(seconds=[ms / 1e3]))
        for name, ms in {"/a": 5, "/a?x=1": 150, "/a?x=2": 200, "/b?x=1": 50, "tick": 9}.items()
    ]
    assert [line.name for line in worth_publishing(lines)] == ["/a", "/a?x=2", "tick"]
