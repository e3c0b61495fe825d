"""The strip of an approval shows where its run stands."""

from django.test import Client

from tests.admin.conftest import text_of, url_of
from tests.support.drawing import DrawRun
from tests.support.verbs import ask_for_approval, dispatch_all, finish, task, walk
from workflows.insight.strip import strip_around


def test_steps_beside_each_other_are_one_box_in_the_worst_state(runs: DrawRun) -> None:
    run = runs("a > b1 > ask, a > b2 > ask, ask > c > d > e > f > g")
    walk(run, "a")
    dispatch_all(run)
    finish(run, "b1")
    finish(run, "b2", "failed")

    strip = strip_around(task(run, "ask"))

    assert [(box.label, box.state) for box in strip] == [
        ("a", "success"),
        ("b1, b2", "failed"),
        ("ask", "pending"),
        ("c", "pending"),
        ("d", "pending"),
        ("e, f, g", "pending"),
    ]
    assert [box.is_here for box in strip].index(True) == 2
    assert strip[1].first == task(run, "b2").pk


def test_many_steps_are_counted(runs: DrawRun) -> None:
    run = runs("a, b, c, d > ask")

    assert [box.label for box in strip_around(task(run, "ask"))] == ["4 steps", "ask"]


def test_task_alone_in_its_run_has_no_strip(runs: DrawRun) -> None:
    assert strip_around(task(runs("ask"), "ask")) == []


def test_page_of_an_approval_names_the_states_for_those_who_do_not_see_colours(
    admin_client: Client, runs: DrawRun
) -> None:
    run = runs("build > deploy > tell")
    walk(run, "build")

    page = text_of(admin_client.get(url_of(ask_for_approval(run, "deploy"))))

    assert "success: build pending: deploy pending: tell" in page
