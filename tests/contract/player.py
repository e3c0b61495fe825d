"""
Plays scripts against the product from outside: HTTP in, HTTP out, and nothing else.

A script is a drawing, then a line for each request with its answer:

    graph a > b, c
    next -> a
    failed a
    next -> c
    next -> dependencies not satisfied

`->` is followed by the whole answer, `~>` by a part of it; without either it must be `ok`. Refusals
are answered by their status and text: `409 workflow run is paused`. Names stand for ids.
"""

import re
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.contract.site import NUMBERS, Site
from tests.support.drawing import steps_of
from tests.support.host_runner import Reply

CREATION = {"workflow_run.created", "task.created"}
STATUSES = {"running", "success", "failed", "canceled", "queued"}
TASK_VERBS = {"cancel", "retry", "mark-success", "hold", "release"}
RUN_VERBS = {"pause", "resume", "abort"}


def play(site: Site, script: str) -> None:
    """Play a script to its end; fail at the first line with another answer."""
    scene = Scene(site)
    for line in filter(None, map(str.strip, script.splitlines())):
        said, how, expected = re.match(r"(.*?)\s*(?:([-~]>)\s*(.*))?$", line).groups()  # type: ignore[union-attr]
        verb, _, rest = said.partition(" ")
        answer = scene.with_names(scene.play(verb, rest))
        fits = expected in answer if how == "~>" else answer == (expected or "ok")
        assert fits, f"{line!r} was answered {answer!r}"


@dataclass
class Scene:
    """One run of one script."""

    site: Site
    steps: list[dict[str, Any]] = field(default_factory=list)
    runners: dict[str, str] = field(default_factory=dict)
    """Their names on the site, by their names in the script."""
    body: dict[str, Any] = field(default_factory=dict)
    template: dict[str, Any] = field(default_factory=dict)
    _run: dict[str, Any] = field(default_factory=dict)
    _tasks: dict[str, int] = field(default_factory=dict)
    _handed: int = 0

    def play(self, verb: str, rest: str) -> str:
        """Play one line; return the answer."""
        if verb in STATUSES:
            return self._report(verb, rest, self._submissions(rest)[-1])
        if verb in TASK_VERBS:
            step_id, _, reason = rest.partition(" ")
            return self._post(f"/tasks/{self.tasks[step_id]}/{verb}", reason=reason)
        if verb in RUN_VERBS:
            return self._post(f"/workflow-runs/{self.run_id}/{verb}", reason=rest)
        answer: str | None = getattr(self, f"on_{verb}")(*rest.split())
        return "ok" if answer is None else answer

    @property
    def run_id(self) -> int:
        """The id of the run, which is created when it is first needed."""
        if not self._run:
            template = self.site.make_template(self.steps, **self.template)
            body = {"workflow_template_id": template, **self.body}
            self._run = self.site.post("/workflow-runs", **body)
            for task in self.site.tasks_once_submitted(self._run["id"]):
                self._tasks[task["step_id"]] = task["id"]
        return int(self._run["id"])

    @property
    def tasks(self) -> dict[str, int]:
        """The ids of the run's tasks by their names."""
        assert self.run_id
        return self._tasks

    def with_names(self, answer: str) -> str:
        """Put the names of the script in the place of ids and of the site's names."""
        for name, real in self.runners.items():
            answer = answer.replace(real, name)
        names = {str(task_id): step_id for step_id, task_id in self._tasks.items()}
        answer = re.sub(r"\btask (\d+)", lambda m: f"task {names.get(m[1], m[1])}", answer)
        return re.sub(r"(workflow run|approval) \d+", r"\1", answer)

    # Before the run is created.

    def on_graph(self, *drawing: str) -> None:
        self.steps = steps_of(" ".join(drawing))

    def on_approval(self, *step_ids: str) -> None:
        for step in self.steps:
            step["requires_approval"] = step["step_id"] in step_ids

    def on_by(self, name: str, *step_ids: str) -> None:
        for step in self.steps:
            if step["step_id"] in step_ids:
                step["runner"] = self.runners[name]

    def on_auto(self) -> None:
        self.body["auto_dispatch"] = True

    def on_careful(self) -> None:
        self.template["approver_must_differ"] = True

    # Runners.

    def on_runner(self, name: str, *facts: str) -> None:
        self.runners[name] = f"{name}-{next(NUMBERS)}"
        url = "http://127.0.0.1:1" if "unreachable" in facts else self.site.host.url
        more: dict[str, Any] = {"is_enabled": "disabled" not in facts}
        if facts and facts[0].isdigit():
            more["capacity"] = int(facts[0])
        self.site.post("/runners", name=self.runners[name], kind="http", url=url, **more)

    def on_enable(self, name: str) -> None:
        found = self.site.get("/runners", name=self.runners[name])["results"][0]
        self.site.http.patch(f"/runners/{found['id']}", json={"is_enabled": True})

    def on_refuse(self, title: str, status: str) -> None:
        host = self.site.host

        def answer(body: dict[str, Any]) -> Reply:
            if title in {"all", body["prompt"]}:
                return int(status), {"detail": "not now"}
            return host.accept(body)

        host.on_submit = answer

    def on_accept(self) -> None:
        self.site.host.on_submit = None

    def on_handed(self) -> str:
        """What the runner was handed since this was last asked."""
        mine = self._submissions()
        new, self._handed = mine[self._handed :], len(mine)
        return " ".join(body["prompt"] for body in new) or "nothing"

    def on_ended(self) -> str:
        """What the runner was asked to end."""
        asked = {
            f"POST /tasks/{body['task_id']}/cancel": name
            for name in self.tasks
            for body in self._submissions(name)
        }
        return " ".join(asked[said] for said in self.site.host.asked if said in asked) or "nothing"

    def on_old(self, status: str, step_id: str) -> str:
        """Report with the token of the first attempt."""
        return self._report(status, step_id, self._submissions(step_id)[0])

    def on_forged(self, status: str, step_id: str) -> str:
        made_up = {**self._submissions(step_id)[-1], "status_callback_token": "forged"}
        return self._report(status, step_id, made_up)

    def on_foreign(self, status: str, step_id: str, other: str) -> str:
        """Report with the token of another task."""
        token = self._submissions(other)[-1]["status_callback_token"]
        mixed = {**self._submissions(step_id)[-1], "status_callback_token": token}
        return self._report(status, step_id, mixed)

    # Operators and programs.

    def on_next(self, limit: str = "1") -> str:
        """Dispatch one or more; what went out, or why nothing did."""
        return self._dispatch(limit=int(limit))

    def on_all(self) -> str:
        return self._dispatch(limit="all")

    def on_dry(self, limit: str = "1") -> str:
        return self._dispatch(limit=limit if limit == "all" else int(limit), dry_run=True)

    def on_blocked(self) -> str:
        """Return the tasks that a dry run finds blocked."""
        path = f"/workflow-runs/{self.run_id}/dispatch-ready"
        answer = self.site.post(path, dry_run=True)
        return " ".join(entry["step_id"] for entry in answer["blocked"]) or "nothing"

    def on_approve(self, step_id: str) -> str:
        return self._post(f"/approvals/{self._approval(step_id)}/approve", comment="fine")

    def on_reject(self, step_id: str) -> str:
        return self._post(f"/approvals/{self._approval(step_id)}/reject", comment="not now")

    def on_run(self) -> str:
        return str(self.site.get(f"/workflow-runs/{self.run_id}")["status"])

    def on_counts(self) -> str:
        counts = self.site.get(f"/workflow-runs/{self.run_id}")["task_counts"]
        return " ".join(f"{state}={n}" for state, n in counts.items() if n)

    def on_deadlock(self) -> str:
        found = self.site.get(f"/workflow-runs/{self.run_id}")["deadlock"]
        if found is None:
            return "none"
        causes = " ".join(cause["step_id"] for cause in found["root_causes"])
        return f"{causes} blocks {found['blocked']}"

    def on_states(self) -> str:
        rows = self.site.get("/tasks", run_id=self.run_id)["results"]
        return " ".join(f"{row['step_id']}={row['status']}" for row in rows)

    def on_task(self, step_id: str, *names: str) -> str:
        row = self.site.get(f"/tasks/{self.tasks[step_id]}")
        return " ".join(str(row[name]) for name in names or ["status"])

    def on_attempts(self, step_id: str) -> str:
        rows = self.site.get(f"/tasks/{self.tasks[step_id]}")["attempts"]
        return " ".join(row["status"] for row in rows) or "none"

    def on_explain(self, step_id: str) -> str:
        return str(self._explained(step_id)["sentence"])

    def on_causes(self, step_id: str) -> str:
        causes = self._explained(step_id)["root_causes"]
        return " ".join(cause["step_id"] for cause in causes) or "none"

    def on_trail(self) -> str:
        names = {task_id: step_id for step_id, task_id in self.tasks.items()}
        rows = self.site.get("/events", run_id=self.run_id)["results"]
        assert [row["id"] for row in rows] == sorted(row["id"] for row in rows)
        lines = (
            f"{row['event_type']} {names.get(row['task_id'], '')}".strip()
            for row in rows
            if row["event_type"] not in CREATION
        )
        return ", ".join(lines) or "nothing"

    def on_why(self, event_type: str) -> str:
        """Return actor and reason of the last event of a type."""
        rows = self.site.get("/events", run_id=self.run_id, event_type=event_type)["results"]
        return f"{rows[-1]['actor']}: {rows[-1]['reason']}"

    def _explained(self, step_id: str) -> dict[str, Any]:
        rows = self.site.get(f"/workflow-runs/{self.run_id}/explain")["blocked"]
        found: dict[str, Any] = next(row for row in rows if row["step_id"] == step_id)
        return found

    def _approval(self, step_id: str) -> int:
        rows = self.site.get("/approvals", task_id=self.tasks[step_id])["results"]
        return int(rows[-1]["id"])

    def _submissions(self, step_id: str = "") -> list[dict[str, Any]]:
        wanted = {self.tasks[step_id]} if step_id else set(self.tasks.values())
        return [body for body in self.site.host.submissions if task_of(body) in wanted]

    def _dispatch(self, **body: Any) -> str:
        path = f"/workflow-runs/{self.run_id}/dispatch-ready"
        answer = self.site.http.post(path, json=body)
        if not answer.is_success:
            return _refusal(answer)
        said = answer.json()
        names = {task_id: step_id for step_id, task_id in self.tasks.items()}
        if not said["dispatched"]:
            assert (said["task_id"], said["dispatch"]) == (None, None)
            return str(said["reason"])
        sent = said["dispatches"] if "dispatches" in said else [said["dispatch"]]
        assert (said["reason"], said["task_id"]) == (None, sent[0]["task_id"])
        return " ".join(names[entry["task_id"]] for entry in sent)

    def _report(self, status: str, step_id: str, submission: dict[str, Any]) -> str:
        assert task_of(submission) == self.tasks[step_id]
        assert submission["task_id"] == submission["idempotency_key"]
        answer = self.site.outside.post(
            submission["status_callback_url"],
            json={"status": status, "exit_code": 1 if status == "failed" else None, "extra": {}},
            headers={"X-Runner-Token": submission["status_callback_token"]},
        )
        return "ok" if answer.is_success else _refusal(answer)

    def _post(self, path: str, **body: Any) -> str:
        answer = self.site.http.post(path, json=body)
        return "ok" if answer.is_success else _refusal(answer)


def task_of(submission: dict[str, Any]) -> int:
    """Return the id of a task that a host was handed, from the address of its callback."""
    return int(submission["status_callback_url"].split("/")[-2])


def _refusal(answer: httpx.Response) -> str:
    said = answer.json()
    return f"{answer.status_code} {said.get('detail', ', '.join(said))}"
