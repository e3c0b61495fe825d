"""The page that compares two runs."""

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from tests.admin.conftest import ClientOf, act, messages_of, text_of
from tests.factories import RunFactory, TemplateFactory
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, finish, walk
from workflows.admin.runs.compare import compare_url
from workflows.models import LogPiece, WorkflowRun


@pytest.fixture
def pair(db: None) -> tuple[WorkflowRun, WorkflowRun]:
    """Return a run that succeeded, and a later one of the same template that failed."""
    template = TemplateFactory.create(drawing="load > report", name="nightly")
    runs = [RunFactory.create(template=template, parameters={"day": n}) for n in range(2)]
    for run, log in zip(runs, ("07:01 5 rows\nok\n", "07:02 7 rows\nKeyError\n"), strict=True):
        dispatch_all(run)
        LogPiece.objects.create(attempt=attempt(run, "load"), offset=0, text=log)
    finish(runs[0], "load")
    walk(runs[0], "report")
    finish(runs[1], "load", "failed", message="exit code 1")
    return runs[0], runs[1]


def test_page_says_first_how_the_runs_differ(
    viola: Client,
    pair: tuple[WorkflowRun, WorkflowRun],
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    a, b = pair
    with django_assert_max_num_queries(14):
        answer = viola.get(compare_url(a.pk, b.pk))

    text = text_of(answer)
    assert "Compare two runs of nightly" in text
    assert "B differs in 1 parameter. load fails where A did not" in text
    assert [row["step"].step_id for row in answer.context["rows"]] == ["load", "report"]
    lines = [(line.sign, line.text) for line in answer.context["log"].lines]
    assert lines == [("-", "07:01 5 rows"), ("-", "ok"), ("+", "07:02 7 rows"), ("+", "KeyError")]
    assert text_of(viola.get(compare_url(None, b.pk))) == text
    by_ticks = viola.get(reverse("admin:workflows_workflowrun_compare"), {"run": [b.pk, a.pk]})
    assert text_of(by_ticks) == text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Choose two runs."),
        ("a=x&b=1", "Choose two runs."),
        ("run=1&run=2&run=3", "Choose two runs."),
        ("a=999999&b=999998", "There is no run 999999. There is no run 999998."),
    ],
)
def test_what_is_no_pair_of_runs_is_asked_for(viola: Client, query: str, said: str) -> None:
    answer = viola.get(f"{reverse('admin:workflows_workflowrun_compare')}?{query}")
    assert answer.status_code == 200
    assert said in text_of(answer)


def test_first_run_has_nothing_to_be_compared_with(viola: Client, runs: DrawRun) -> None:
    run = runs("a")
    assert f"There is no run before run {run.pk}." in text_of(viola.get(compare_url(None, run.pk)))
    assert "Choose two runs." in text_of(viola.get(compare_url(run.pk, run.pk)))


def test_readers_see_what_they_may(
    client_of: ClientOf, pair: tuple[WorkflowRun, WorkflowRun]
) -> None:
    address = compare_url(pair[0].pk, pair[1].pk)
    assert client_of("nora").get(address).status_code == 403
    only_runs = client_of("rita", "workflows.view_workflowrun").get(address)
    assert only_runs.context["rows"] == []
    assert only_runs.context["log"] is None
    no_logs = client_of("tom", "workflows.view_workflowrun", "workflows.view_task").get(address)
    assert len(no_logs.context["rows"]) == 2
    assert no_logs.context["log"] is None
    assert "You do not have permission to read logs." in text_of(no_logs)


def test_two_ticks_in_the_list_lead_to_the_comparison(
    olga: Client, viola: Client, pair: tuple[WorkflowRun, WorkflowRun]
) -> None:
    a, b = pair
    assert act(olga, "compare", [b, a])["Location"] == compare_url(a.pk, b.pk)
    refused = act(olga, "compare", [a])
    assert messages_of(refused) == [("warning", "Tick two runs to compare them.")]
    assert act(viola, "compare", [a, b]).status_code == 403
