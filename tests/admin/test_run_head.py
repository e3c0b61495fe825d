"""The first lines of a run's page: facts, the sentence with the end of the log, comparison."""

from django.test import Client

from tests.admin.conftest import ClientOf, list_url, text_of, url_of
from tests.factories import RunFactory, TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, finish, walk
from workflows.models import LogPiece, WorkflowRun
from workflows.runs.creation import create_run

SCHEMA = {
    "properties": {
        "tag": {},
        "regions": {"type": "array"},
        "dry_run": {"type": "boolean"},
        "token": {"type": "string", "writeOnly": True},
    }
}


def printed(run: WorkflowRun, name: str, text: str) -> None:
    """Store what a task has printed."""
    LogPiece.objects.create(attempt=attempt(run, name), offset=0, text=text)


def test_parameters_are_chips_that_copy_and_secrets_stay_hidden(root: Client) -> None:
    given = {"tag": "v3", "regions": ["eu", "us"], "dry_run": False, "token": "s3cr3t-token"}
    template = TemplateFactory.create(parameters_schema=SCHEMA)
    run = create_run(template_id=template.pk, parameters=given, by=who("ada"))

    page = root.get(url_of(run))

    text, html = text_of(page), page.content.decode()
    for each in ("tag v3", "regions eu, us", "dry_run no", "token ••••"):  # in the database's order
        assert each in text
    assert 'data-copy="v3"' in html
    assert f'data-same="{list_url(WorkflowRun)}?q=param%3Atag%3Dv3"' in html
    assert "s3cr3t" not in html


def test_last_lines_of_the_first_failed_task_lead_to_its_log(root: Client, runs: DrawRun) -> None:
    run = runs("a > b, c")
    dispatch_all(run)
    printed(run, "a", "one\ntwo\nthree\n\x1b[31mERROR\x1b[0m <b>no space</b>\n")
    finish(run, "a", "failed", message="exit code 1")
    finish(run, "c", "failed", message="exit code 7")

    html = root.get(url_of(run)).content.decode()

    task_id = attempt(run, "a").task_id
    lines = html.partition('class="last-lines"')[2].partition("</ol>")[0]
    assert [f"#task-{task_id}:L{n}" in lines for n in (1, 2, 3, 4)] == [False, True, True, True]
    assert "<strong>ERROR</strong> &lt;b&gt;no space&lt;/b&gt;" in lines
    assert "a, line 4" in html


def test_reader_without_attempts_sees_no_log(client_of: ClientOf, runs: DrawRun) -> None:
    run = runs("a")
    dispatch_all(run)
    printed(run, "a", "ERROR secret place\n")
    finish(run, "a", "failed")
    reader = client_of("ren", "workflows.view_workflowrun", "workflows.view_task")

    html = reader.get(url_of(run)).content.decode()

    assert "secret place" not in html
    assert 'class="last-lines"' not in html


def test_run_is_compared_with_the_last_success(root: Client) -> None:
    template = TemplateFactory.create(drawing="a")
    first, second = (RunFactory.create(template=template) for _ in range(2))
    walk(first, "a")

    page = root.get(url_of(second))

    assert f"Compare with {first.pk}" in text_of(page)
    assert f'data-previous="{url_of(first, "graph")}"' in page.content.decode()
    assert "Compare with" not in text_of(root.get(url_of(first)))
