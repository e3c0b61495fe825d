"""The versions of a template: who changed what, which runs used it, and restoring one."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from runners.models import Runner
from tests.admin.conftest import VIEW_ALL, ClientOf, list_url, messages_of, text_of, url_of
from tests.factories import TemplateFactory
from tests.support.actors import who
from tests.support.drawing import template_of
from workflows.admin.templates.versions import version_url
from workflows.authoring.spec import parse_template
from workflows.authoring.store import replace_template, spec_of
from workflows.models import TemplateVersion, WorkflowRun, WorkflowTemplate
from workflows.runs.creation import create_run


def change(template: WorkflowTemplate, drawing: str, **common: Any) -> None:
    data = template_of(drawing, name=template.name, **common)
    replace_template(template.pk, parse_template(data), by=who("bob"))


@pytest.fixture
def revised_template(db: None) -> WorkflowTemplate:
    """Return a template with two versions: `a > b` and `a > c`."""
    template: WorkflowTemplate = TemplateFactory.create(drawing="a > b")
    change(template, "a > c")
    return template


def step_ids_now(template: WorkflowTemplate) -> list[str]:
    stored = WorkflowTemplate.objects.get(pk=template.pk)
    return [step.step_id for step in spec_of(stored).steps]


def test_history_lists_versions_with_author_and_runs(
    viola: Client, revised_template: WorkflowTemplate
) -> None:
    create_run(template_id=revised_template.pk, by=who("test"))

    page = viola.get(url_of(revised_template, "history"))

    assert "version 2 bob" in text_of(page)
    assert "1 run the latest" in text_of(page)
    assert "1 run" in text_of(page)
    assert "none" in text_of(page)
    assert "Restore…" not in text_of(page)


def test_version_links_to_its_runs(root: Client, revised_template: WorkflowTemplate) -> None:
    create_run(template_id=revised_template.pk, by=who("test"))
    change(revised_template, "a > d")
    later = create_run(template_id=revised_template.pk, by=who("test"))

    page = root.get(version_url(revised_template.pk, 3))
    listed = root.get(page.context["runs_url"]).context["cl"].result_list

    assert [run.pk for run in listed] == [later.pk]


def test_run_links_to_its_version(root: Client, revised_template: WorkflowTemplate) -> None:
    run = create_run(template_id=revised_template.pk, by=who("test"))
    address = f'href="{version_url(revised_template.pk, 2)}"'

    assert address in root.get(url_of(run)).content.decode()
    assert address in root.get(list_url(WorkflowRun)).content.decode()


def test_version_shows_added_and_removed_steps(
    viola: Client, revised_template: WorkflowTemplate
) -> None:
    page = viola.get(version_url(revised_template.pk, 2))

    text = text_of(page)
    assert "1 step added" in text
    assert "1 step removed" in text
    assert "+ step_id: c" in text
    assert "- step_id: b" in text
    changes = {step["step_id"]: step["change"] for step in page.context["drawing"]["steps"]}
    assert changes == {"a": "same", "c": "added", "b": "removed"}
    assert "Restore…" not in text


def test_any_two_versions_can_be_compared(root: Client, revised_template: WorkflowTemplate) -> None:
    change(revised_template, "a > b")

    same = root.get(version_url(revised_template.pk, 3), {"against": "1"})
    newer = root.get(version_url(revised_template.pk, 1), {"against": "2"})

    assert "No differences." in text_of(same)
    assert newer.context["other"].number == 2


def test_first_version_is_compared_with_none(
    root: Client, revised_template: WorkflowTemplate
) -> None:
    page = root.get(version_url(revised_template.pk, 1))

    assert "The first version." in text_of(page)
    assert page.context["difference"].is_empty


def test_version_that_was_not_kept_redirects_to_the_history(
    viola: Client, revised_template: WorkflowTemplate
) -> None:
    revised_template.versions.get(number=1).delete()

    earlier = viola.get(version_url(revised_template.pk, 1))
    first = viola.get(version_url(revised_template.pk, 2))
    unknown = viola.get(version_url(revised_template.pk, 3))

    assert earlier["Location"] == url_of(revised_template, "history")
    [(level, text)] = messages_of(earlier)
    assert (level, text[:40]) == ("warning", "Version 1 was not kept: it is older than")
    assert "The first version that was kept." in text_of(first)
    assert unknown.status_code == 404


def test_restoring_asks_first_and_then_creates_a_new_version(
    root: Client, revised_template: WorkflowTemplate
) -> None:
    question = root.get(version_url(revised_template.pk, 1, "restore"))
    before = revised_template.versions.count()
    answer = root.post(version_url(revised_template.pk, 1, "restore"))

    assert "Restoring creates version 3 with the content of version 1." in text_of(question)
    assert before == 2
    assert answer["Location"] == url_of(revised_template)
    assert messages_of(answer) == [("success", "Version 1 is restored as version 3.")]
    assert step_ids_now(revised_template) == ["a", "b"]
    latest = TemplateVersion.objects.get(template=revised_template, number=3)
    assert latest.saved_by == "root"


def test_version_is_restored_although_the_latest_was_not_kept(
    root: Client, revised_template: WorkflowTemplate
) -> None:
    revised_template.versions.get(number=2).delete()

    question = root.get(version_url(revised_template.pk, 1, "restore"))
    root.post(version_url(revised_template.pk, 1, "restore"))

    assert "1 step added" in text_of(question)
    assert step_ids_now(revised_template) == ["a", "b"]
    assert list(revised_template.versions.values_list("number", flat=True)) == [3, 1]


def test_refused_restore_says_why(root: Client, local: Runner) -> None:
    template = TemplateFactory.create(drawing="a", runner="local")
    change(template, "b")
    local.delete()

    answer = root.post(version_url(template.pk, 1, "restore"))

    [(level, text)] = messages_of(answer)
    assert level == "error"
    assert "there is no runner named 'local'" in text
    assert step_ids_now(template) == ["b"]


def test_restoring_needs_the_change_permission(
    client_of: ClientOf, viola: Client, revised_template: WorkflowTemplate
) -> None:
    author = client_of("arthur", *VIEW_ALL, "workflows.change_workflowtemplate")
    place = version_url(revised_template.pk, 1, "restore")

    assert [viola.get(place).status_code, viola.post(place).status_code] == [403, 403]
    assert step_ids_now(revised_template) == ["a", "c"]
    assert author.post(place).status_code == 302


@pytest.mark.parametrize("page", ["version", "restore"])
def test_unknown_version_or_template_is_not_found(
    root: Client, revised_template: WorkflowTemplate, page: str
) -> None:
    places = [version_url(revised_template.pk, 9, page), version_url(987654, 1, page)]
    answers = [root.get(place) for place in places]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert root.get(version_url(revised_template.pk, 2), {"against": "77"}).status_code == 404


@pytest.mark.parametrize("against", ["x", "", "-1", "9" * 30])
def test_invalid_against_compares_with_the_version_before(
    root: Client, revised_template: WorkflowTemplate, against: str
) -> None:
    page = root.get(version_url(revised_template.pk, 2), {"against": against})

    assert page.context["other"].number == 1


def test_history_of_unknown_template_is_not_found(root: Client) -> None:
    place = reverse("admin:workflows_workflowtemplate_history", args=["987654"])

    assert root.get(place).status_code == 404


def test_version_pages_need_the_view_permission(
    client_of: ClientOf, revised_template: WorkflowTemplate
) -> None:
    nobody = client_of("norman")
    places = [
        url_of(revised_template, "history"),
        version_url(revised_template.pk, 1),
        url_of(revised_template, "export"),
    ]

    assert [nobody.get(place).status_code for place in places] == [403, 403, 403]


def test_number_of_statements_does_not_grow_with_versions(
    root: Client, revised_template: WorkflowTemplate
) -> None:
    places = [url_of(revised_template, "history"), version_url(revised_template.pk, 2)]
    costs = []
    for number in range(0, 30, 29):
        for each in range(number):
            change(revised_template, f"a > x{each}")
            create_run(template_id=revised_template.pk, by=who("test"))
        for place in places:
            root.get(place)
            with CaptureQueriesContext(connection) as statements:
                root.get(place)
            costs.append(len(statements))

    assert costs[:2] == costs[2:]
    assert max(costs) <= 8
