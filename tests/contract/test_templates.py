"""Templates that are no DAG are refused with the steps named; large ones are accepted."""

import time
from typing import Any

import pytest

from tests.contract.site import Site
from tests.support.drawing import steps_of


def step(step_id: str, *depends_on: str) -> dict[str, Any]:
    return {"step_id": step_id, "title": step_id, "depends_on": list(depends_on)}


BROKEN = {
    "no step": ([], "at least one step"),
    "a step twice": ([step("a"), step("b"), step("a")], "a"),
    "an unknown dependency": ([step("a", "ghost")], "ghost"),
    "a dependency in another case": ([step("a"), step("b", "A")], "A"),
    "a step on itself": ([step("a"), step("b", "b")], "b"),
    "two steps on each other": ([step("a", "b"), step("b", "a")], "a → b → a"),
    "a cycle that no root reaches": (
        [step("root"), step("leaf", "root"), step("x", "z"), step("y", "x"), step("z", "y")],
        "x → y → z → x",
    ),
    "a cycle behind a root": ([step("root"), step("a", "root", "b"), step("b", "a")], "a → b → a"),
}


@pytest.mark.parametrize(("steps", "named"), BROKEN.values(), ids=BROKEN)
def test_template_that_is_no_dag_is_refused_naming_its_steps(
    site: Site, steps: list[dict[str, Any]], named: str
) -> None:
    before = site.get("/workflow-templates")["count"]

    answer = site.http.post("/workflow-templates", json={"name": "broken", "steps": steps})

    assert (answer.status_code, list(answer.json())) == (400, ["steps"])
    assert named in " ".join(answer.json()["steps"])
    assert site.get("/workflow-templates")["count"] == before


def test_dependency_listed_twice_makes_one_edge(site: Site) -> None:
    template = site.make_template([step("a"), step("b", "a", "a")])

    run = site.post("/workflow-runs", workflow_template_id=template)

    graph = site.get(f"/workflow-runs/{run['id']}/graph")
    assert len(graph["edges"]) == 1


def test_chain_of_1300_steps_reaches_its_second_step(site: Site) -> None:
    names = [f"s{n}" for n in range(1_300)]
    template = site.make_template(steps_of(" > ".join(reversed(names))))

    run = site.post("/workflow-runs", workflow_template_id=template)
    sent = site.post(f"/workflow-runs/{run['id']}/dispatch-ready", limit="all")

    assert run["task_counts"]["pending"] == 1_300
    assert [entry["task_id"] for entry in sent["dispatches"]] == run["task_ids"][:1]
    again = site.post(f"/workflow-runs/{run['id']}/dispatch-ready")
    assert (again["reason"], len(again["blocked"])) == ("dependencies not satisfied", 1_299)
    assert site.get(f"/tasks/{run['task_ids'][-1]}")["depends_on"] == [run["task_ids"][-2]]


LADDER = ", ".join(
    f"j{n} > l{n} > j{n + 1}, j{n} > r{n} > j{n + 1}" for n in range(24)
)  # 73 steps, 2^24 paths


def test_ladder_of_2_to_the_24_paths_is_created_dispatched_and_explained(site: Site) -> None:
    begun = time.monotonic()
    template = site.make_template(steps_of(LADDER))
    run = site.post("/workflow-runs", workflow_template_id=template)
    path = f"/workflow-runs/{run['id']}"
    sent = site.post(f"{path}/dispatch-ready", limit="all")["dispatches"]
    site.post(f"/tasks/{run['task_ids'][0]}/cancel", reason="wrong day")

    explained = site.get(f"{path}/explain")

    assert (len(run["task_ids"]), len(sent), len(site.host.submissions)) == (73, 1, 1)
    assert explained["deadlock"]["blocked"] == 72
    last = max(explained["blocked"], key=lambda entry: entry["task_id"])
    assert [cause["step_id"] for cause in last["root_causes"]] == ["j0"]
    assert time.monotonic() - begun < 10  # counting paths would take hours
