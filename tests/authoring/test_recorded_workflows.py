"""Real recorded workflows are imported and run in an order that follows every edge."""

import time
from pathlib import Path

import pytest

from tests.authoring.conftest import Write, run
from tests.authoring.test_wfformat import recording, task
from tests.support import verbs
from tests.support.actors import who
from workflows.authoring.files import as_yaml, import_file, template_named
from workflows.authoring.spec import parse_template
from workflows.authoring.store import spec_of
from workflows.authoring.yaml_json import read_json
from workflows.models import TaskAttempt, TaskState, WorkflowRun
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.reports.apply import apply_reports
from workflows.reports.report import Report
from workflows.runs.creation import create_run

FOLDER = Path(__file__).parents[2].parent / "shared" / "data" / "wfformat"
RECORDED = sorted(FOLDER.glob("*.json"))

pytestmark = pytest.mark.django_db
recorded = pytest.mark.parametrize(
    "file",
    RECORDED
    or [pytest.param(FOLDER, marks=pytest.mark.skip("recorded workflows are not on this machine"))],
    ids=lambda path: path.name,
)


def edges_in(file: Path) -> set[tuple[str, str]]:
    """Return the edges of a recorded workflow, read without our importer."""
    tasks = read_json(file.read_text())["workflow"]["specification"]["tasks"]
    return {(parent, task["id"]) for task in tasks for parent in task["parents"]}


def finished_in_order(workflow: WorkflowRun) -> list[str]:
    """Run a workflow to its end, ready task by ready task; return the order of dispatch."""
    order: list[str] = []
    while sent := verbs.dispatch_all(workflow):
        attempts = TaskAttempt.objects.filter(task__run=workflow, task__step_id__in=sent)
        ended = [Report(pk, TaskState.SUCCESS) for pk in attempts.values_list("pk", flat=True)]
        assert not apply_reports(workflow.pk, ended, by=who("runner"))
        order += sent
    return order


@recorded
def test_a_recorded_workflow_runs_to_its_end_in_an_order_that_breaks_no_edge(file: Path) -> None:
    template = import_file(file).template
    workflow = create_run(template_id=template.pk, by=who("test"))
    assert verbs.edges(workflow) == edges_in(file)
    order = finished_in_order(workflow)
    place = {step_id: number for number, step_id in enumerate(order)}
    assert len(place) == len(order) == template.steps.count()
    assert all(place[parent] < place[child] for parent, child in edges_in(file))
    assert verbs.state(workflow) == "success"
    assert set(verbs.states(workflow).values()) == {"success"}


@recorded
def test_recorded_workflow_survives_export_and_import(file: Path, tmp_path: Path) -> None:
    template = import_file(file, commands=True).template
    (tmp_path / "again.yaml").write_text(as_yaml(spec_of(template)), encoding="utf-8")
    assert import_file(tmp_path / "again.yaml").change == "unchanged"


@pytest.mark.slow
def test_thousands_of_steps_are_imported_in_seconds(write: Write) -> None:
    tasks = [
        task(f"t{n}", *{f"t{max(0, n - step)}" for step in (1, 2, 5) if n})  # 2,000 and ~6,000
        for n in range(2_000)
    ]
    file = write("large.json", recording(tasks))
    begun = time.monotonic()
    run("import_workflow", file)
    assert time.monotonic() - begun < 20
    assert template_named("Recorded").steps.count() == 2_000


@pytest.mark.slow
def test_a_chain_of_ten_thousand_steps_is_parsed() -> None:
    chain = [
        {"step_id": f"s{n}", "title": "S", "depends_on": [f"s{n - 1}"] if n else []}
        for n in range(10_000)
    ]
    assert len(parse_template({"name": "Chain", "steps": chain}).steps) == 10_000


def test_dispatching_all_dispatches_every_ready_task(write: Write) -> None:
    fan = [task("split"), *(task(f"part{n}", "split") for n in range(20))]
    import_file(write("fan.json", recording(fan)))
    workflow = create_run(template_id=template_named("Recorded").pk, by=who("test"))
    verbs.walk(workflow, "split")
    assert len(dispatch_ready(workflow.pk, limit=None, by=who("test")).dispatches) == 20
