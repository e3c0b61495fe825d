"""How the latest runs of templates went, as rows of tables tell it."""

from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.timezone import localtime

from workflows.admin.ui.display import EMPTY
from workflows.insight.durations import SLOW, usual_of_runs
from workflows.insight.phrases import duration_text
from workflows.insight.recent import NOTICEABLE, RecentRun, lately, recent_runs, success_share
from workflows.models import RunState

RUNS = 14
"""So many runs are bars."""
WIDTH, HEIGHT, PITCH = 6, 18, 8
LOWEST = 3
"""The height of the bar of the shortest run."""
WELL, BADLY = 0.95, 0.8
"""From which share of successes on it is green; below which it is amber."""
KINDS = {
    state.value: state.value for state in (RunState.SUCCESS, RunState.FAILED, RunState.RUNNING)
}


class LatestRuns(NamedTuple):
    """What a row says about the runs of its template."""

    runs: Sequence[RecentRun]
    usual: float | None

    @property
    def bars(self) -> SafeString | str:
        """The runs as small bars, as high as they were long."""
        if not self.runs:
            return EMPTY
        return format_html(
            '<svg class="run-bars" width="{0}" height="{1}" viewBox="0 0 {0} {1}" '
            'preserveAspectRatio="none" role="img" aria-label="{2}">{3}</svg>',
            RUNS * PITCH,
            HEIGHT,
            self._told(),
            format_html_join(
                "",
                '<rect class="kind-{}" x="{}" y="{}" width="{}" height="{}" rx="1">'
                "<title>{}</title></rect>",
                self._rects(),
            ),
        )

    def _told(self) -> str:
        states = [run.state for run in self.runs]
        counts = {state: states.count(state) for state in dict.fromkeys(states)}
        return "last runs: " + ", ".join(f"{n} {state}" for state, n in counts.items())

    def _rects(self) -> Iterator[tuple[str, int, float, int, float, str]]:
        lengths = [run.seconds or 0.0 for run in self.runs]
        ended = [run.seconds or 0.0 for run in self.runs if run.ended]
        longest = max([SLOW * (self.usual or 0.0), *ended]) or 1.0
        for place, (run, seconds) in enumerate(zip(self.runs, lengths, strict=True)):
            height = round(LOWEST + (HEIGHT - LOWEST) * min(1.0, seconds / longest), 1)
            x = (RUNS - len(self.runs) + place) * PITCH
            length = "" if run.seconds is None else f", {duration_text(run.seconds)}"
            kind = KINDS.get(run.state, "stopped")
            yield kind, x, HEIGHT - height, WIDTH, height, f"run {run.id}: {run.state}{length}"

    @property
    def share(self) -> str:
        """Which share of the ended ones succeeded."""
        share = success_share(self.runs)
        return EMPTY if share is None else f"{100 * share:.0f} %"

    @property
    def hue(self) -> str:
        """The colour of the share."""
        return hue_of(success_share(self.runs))

    @property
    def usually(self) -> str:
        """The usual duration."""
        return EMPTY if self.usual is None else duration_text(self.usual)

    @property
    def lately(self) -> tuple[str, bool]:
        """How the latest successes compare with it, and whether that should be looked at."""
        found = lately(self.runs, self.usual)
        if found is None:
            return "", False
        if found.outlier and found.outlier.ended:
            day = localtime(datetime.fromtimestamp(found.outlier.ended, UTC))
            return f"{found.factor:.1f}× slower {day:%a}", True
        if found.is_slower:
            return f"{found.factor:.1f}× slower", False
        if found.factor * NOTICEABLE <= 1:
            return f"{1 / found.factor:.1f}× faster", False
        return "as usual", False


def hue_of(share: float | None) -> str:
    """Return the colour of a share of successes; empty for one that is neither good nor bad."""
    if share is None or BADLY <= share < WELL:
        return ""
    return "good" if share >= WELL else "stopped"


def latest_of(template_ids: Collection[int]) -> dict[int, LatestRuns]:
    """Return how the latest runs of each template went; two statements."""
    runs, usual = recent_runs(template_ids, RUNS), usual_of_runs(template_ids)
    return {pk: LatestRuns(runs.get(pk, ()), usual.get(pk)) for pk in template_ids}
