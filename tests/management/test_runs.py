"""`manage.py runs`: the latest runs, one line each."""

import io

import pytest
from django.core.management import CommandError, call_command
from pytest_django import DjangoAssertNumQueries

from tests.factories import TemplateFactory
from tests.support.actors import who
from tests.support.verbs import dispatch, finish, walk
from workflows.models import WorkflowRun
from workflows.runs.creation import create_run

pytestmark = pytest.mark.django_db


def listed(*arguments: str) -> list[list[str]]:
    """Return the words of each line."""
    out = io.StringIO()
    call_command("runs", *arguments, stdout=out)
    return [line.split() for line in out.getvalue().splitlines()]


def run_of(name: str, drawing: str = "a > b") -> WorkflowRun:
    template = TemplateFactory.create(name=name, drawing=drawing)
    return create_run(template_id=template.pk, by=who("ada"))


def test_latest_run_comes_first_with_its_progress() -> None:
    first, second = run_of("backup"), run_of("export")
    walk(first, "a", "b")
    dispatch(second)
    heading, *lines = listed()
    assert heading == ["run", "template", "state", "done", "created", "(UTC)", "took", "by"]
    assert [line[:4] for line in lines] == [
        [str(second.pk), "export", "running", "0/2"],
        [str(first.pk), "backup", "success", "2/2"],
    ]
    assert {line[-1] for line in lines} == {"ada"}


def test_runs_are_chosen_by_template_and_state() -> None:
    first, second, third = run_of("backup"), run_of("export"), run_of("report")
    dispatch(first)
    finish(first, "a", "failed")
    dispatch(second)
    states = [line[0] for line in listed("--state", "failed", "--state", "created")[1:]]
    assert states == [str(third.pk), str(first.pk)]
    assert [line[0] for line in listed("--template", "export")[1:]] == [str(second.pk)]
    assert [line[0] for line in listed("--limit", "1")[1:]] == [str(third.pk)]
    assert listed("--template", "export", "--state", "failed") == [
        ["There", "is", "no", "such", "run."]
    ]


def test_unknown_template_or_state_is_named() -> None:
    with pytest.raises(CommandError, match="workflow template 'nowhere' not found"):
        listed("--template", "nowhere")
    with pytest.raises(CommandError, match="'done' \\(choose from "):
        listed("--state", "done")


def test_lists_any_number_of_runs_by_one_statement(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for name in ("a", "b", "c"):
        run_of(name)
    with django_assert_num_queries(1):
        listed()
