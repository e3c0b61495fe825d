"""What executors, runners and open pages do all the time."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

from benchmarks import graphs
from benchmarks.clock import Clock
from benchmarks.product import BY, create_benchmark_run, create_benchmark_template
from benchmarks.scale.sites import Answer, Site
from workflows import periodic
from workflows.execution.claimer import Claimer
from workflows.models import TaskState
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.reports.apply import apply_report
from workflows.reports.report import Report

Act = Callable[[Site], object]


class HotPath:
    """The acts on one site: each of them goes on with what the one before has left."""

    def __init__(self, site: Site, times: int) -> None:
        """Create the run that they are about."""
        site.use()
        self._site = site
        template = create_benchmark_template(graphs.pairs(2 * (times + 2)))
        self._run = create_benchmark_run(template)
        self._claimer = Claimer(by=BY, run_id=None, attempt_id=None)
        self._attempts: list[UUID] = []
        self.acts: dict[str, Callable[[], object]] = {
            "dispatch": self._dispatch,
            "claim, of any run": self._claim,
            "report": self._report,
            "tick": lambda: periodic.run_all(by=BY),
            "attention poll": lambda: self._get("/admin/attention/"),
            "poll of an open run": lambda: self._get(
                f"/admin/workflows/workflowrun/{self._run.pk}/changes/?after=1"
            ),
        }

    def once(self, name: str) -> tuple[float, int]:
        """Do an act once; return the seconds and the statements."""
        self._site.use()
        with (clock := Clock(counts=True)):
            self.acts[name]()
        return clock.seconds, clock.statements

    def _dispatch(self) -> None:
        [dispatched] = dispatch_ready(self._run.pk, by=BY).dispatches
        self._attempts.append(UUID(dispatched.attempt_id))

    def _claim(self) -> None:
        [claimed] = self._claimer.claim(1)
        assert [each.pk for each in claimed.started] == self._attempts  # noqa: S101 (else no figure)

    def _report(self) -> None:
        apply_report(Report(self._attempts.pop(), TaskState.SUCCESS), by=BY)

    def _get(self, path: str) -> Any:
        return self._site.client.get(path, SERVER_NAME="127.0.0.1")


def compare_hot_paths(sites: Sequence[Site], *, times: int) -> dict[str, list[Answer | None]]:
    """Do every act so often on each site, alternately; what comes first is not counted."""
    paths = [HotPath(site, times) for site in sites]
    found: dict[str, list[Answer]] = {name: [Answer() for _ in sites] for name in paths[0].acts}
    for number in range(times + 1):
        for index, path in enumerate(paths):
            for name in path.acts:
                seconds, statements = path.once(name)
                found[name][index].statements = statements
                if number:
                    found[name][index].seconds.append(seconds)
    return {name: list(answers) for name, answers in found.items()}
