"""Labels and notes: what is said about a run, and what its trail keeps of it."""

import pytest

from tests.factories import TemplateFactory
from tests.support.actors import who
from tests.support.drawing import DrawRun
from workflows.audit.verify import verify_run
from workflows.errors import Invalid
from workflows.models import Event, RunLabel, WorkflowRun, WorkflowTemplate
from workflows.models.label import MOST_LABELS, labels_of
from workflows.operations import label, note, start_run

pytestmark = pytest.mark.django_db
SCHEMA = {
    "properties": {
        "day": {"type": "string"},
        "copies": {"type": "integer"},
        "token": {"type": "string", "writeOnly": True},
    }
}


def labels_on(run: WorkflowRun) -> dict[str, str]:
    return labels_of([run.pk]).get(run.pk, {})


def test_new_run_has_labels_of_its_template_and_those_given() -> None:
    rules = {
        "team": "data",
        "day": "{{ params.day }}",
        "copies": "{{ params.copies }}",
        "stage": "test",
        "missing": "{{ params.nowhere }}",
    }
    template = TemplateFactory.create(labels=rules, parameters_schema=SCHEMA)
    run = start_run(
        template_id=template.pk,
        parameters={"day": "2026-11-27", "copies": 3},
        labels={"stage": "live"},
        by=who("ada"),
    )
    expected = {"copies": "3", "day": "2026-11-27", "stage": "live", "team": "data"}
    assert labels_on(run) == expected
    assert run.events.earliest("id").payload["labels"] == expected
    assert not verify_run(run.pk)


def test_secret_never_becomes_a_label() -> None:
    rules = {"token": "{{ params.token }}", "both": "{{ params.day }}{{ params.token }}"}
    template = TemplateFactory.create(parameters_schema=SCHEMA)
    WorkflowTemplate.objects.update(labels=rules)  # no such rule can be saved any more
    run = start_run(
        template_id=template.pk,
        parameters={"token": "hunter2-hunter2", "day": "x"},
        labels={"given": "by hunter2-hunter2"},
        by=who("ada"),
    )
    label(run.pk, labels={"later": "hunter2-hunter2"}, by=who("ada"))
    note(run.pk, note="try hunter2-hunter2", by=who("ada"))
    assert labels_on(run) == {"given": "by ********", "later": "********"}
    assert run.events.latest("id").reason == "try ********"


def test_labels_change_by_an_event_and_repeating_that_leaves_none(runs: DrawRun) -> None:
    run = runs("a")
    label(run.pk, labels={"team": "data", "stage": "test"}, by=who("ada"))
    changes: dict[str, str | None] = {"team": "ops", "stage": None, "other": None}
    for _ in range(2):
        label(run.pk, labels=changes, by=who("bob"), reason="moved")
    assert labels_on(run) == {"team": "ops"}
    last = run.events.latest("id")
    assert (last.event_type, last.actor, last.reason) == ("workflow_run.labeled", "bob", "moved")
    assert last.payload == {"labels": {"team": "ops", "stage": None}}
    assert run.events.filter(event_type=last.event_type).count() == 2
    assert not verify_run(run.pk)


def test_note_is_an_event_of_the_chain(runs: DrawRun) -> None:
    run = runs("a")
    note(run.pk, note=" The disk was full.\n", by=who("ada"))
    written = run.events.latest("id")
    assert (written.event_type, written.actor) == ("workflow_run.noted", "ada")
    assert written.reason == "The disk was full."
    assert not verify_run(run.pk)
    Event.objects.filter(pk=written.pk).update(reason="All was well.")
    assert verify_run(run.pk)


@pytest.mark.parametrize("tampered", ["changed", "removed", "added"])
def test_labels_that_no_event_has_given_are_found(runs: DrawRun, tampered: str) -> None:
    run = runs("a")
    label(run.pk, labels={"team": "data"}, by=who("ada"))
    match tampered:
        case "changed":
            RunLabel.objects.filter(run=run).update(value="ops")
        case "removed":
            RunLabel.objects.filter(run=run).delete()
        case "added":
            RunLabel.objects.create(run=run, key="x", value="y")
    [finding] = verify_run(run.pk)
    assert finding.what.startswith("label ")


@pytest.mark.parametrize(
    ("labels", "named"),
    [
        ({"": "x"}, "no key of a label"),
        ({"a b": "x"}, "'a b' is no key"),
        ({"a": ""}, "a: must have 1 to 200 characters"),
        ({"a": 3}, "a: must be a text"),
        ({"a": "x\ny"}, "a: must be one line"),
        ({"a": "x" * 201}, "a: must have 1 to 200"),
        ({f"k{n}": "x" for n in range(MOST_LABELS + 1)}, "too many"),
    ],
)
def test_wrong_labels_are_named(runs: DrawRun, labels: dict[str, str], named: str) -> None:
    run = runs("a")
    with pytest.raises(Invalid, match=named) as refused:
        label(run.pk, labels=labels, by=who("ada"))
    assert [*refused.value.fields] == ["labels"]
    assert not labels_on(run)


def test_labels_that_would_be_too_many_together_are_refused(runs: DrawRun) -> None:
    run = runs("a")
    label(run.pk, labels={f"k{n}": "x" for n in range(MOST_LABELS)}, by=who("ada"))
    with pytest.raises(Invalid, match="31 labels are too many"):
        label(run.pk, labels={"more": "x"}, by=who("ada"))
