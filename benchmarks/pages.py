"""`python -m benchmarks.pages`: the page of a large run in a browser, beside a small one's."""

import os
import shutil
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.databases import KINDS, database, set_up
from benchmarks.figures import Row, duration, table
from benchmarks.load import percentile
from benchmarks.options import add_common_options, clean_up_on_sigterm, find_recordings
from benchmarks.publishing import describe_conditions, publish
from workflows.management.arguments import positive

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Page, ViewportSize

    from benchmarks.graphs import Graph
    from benchmarks.site import Site

SMALL = 40
WIDTH, HEIGHT = 1440, 900
HEADINGS = ["run", "tasks", "first graph", "pan, p95", "requests", "received"]
DRAGS, MOVES_PER_DRAG = 8, 40
WHEN_DRAWN = """() => new Promise((fulfil) => {
    const look = () => document.querySelector("#graph .vertex")
        ? requestAnimationFrame(() => fulfil(performance.now()))
        : requestAnimationFrame(look);
    look();
})"""
RECORD_FRAMES = """() => {
    let last = performance.now();
    window.frames_ms = [];
    const record = (now) => {
        frames_ms.push(now - last);
        last = now;
        requestAnimationFrame(record);
    };
    requestAnimationFrame(record);
}"""
RECEIVED = """() => performance.getEntriesByType("resource")
    .concat(performance.getEntriesByType("navigation")).map((each) => each.transferSize)"""


@dataclass
class Opened:
    """What was measured on the page of one run."""

    name: str
    tasks: int
    first_graph_s: list[float] = field(default_factory=list)
    """From the begin of the navigation to the frame that shows the graph."""
    frames_s: list[float] = field(default_factory=list)
    """Between two frames while the graph is dragged."""
    received: list[int] = field(default_factory=list)
    """Bytes of each request of a first visit."""

    def row(self) -> Row:
        """Return the cells of the table."""
        return [
            self.name,
            f"{self.tasks:,}",
            duration(median(self.first_graph_s)),
            duration(percentile(self.frames_s, 0.95)),
            str(len(self.received)),
            f"{sum(self.received) / 1e3:,.0f} kB",
        ]


def parse_arguments(words: Sequence[str]) -> Namespace:
    """Read the command line."""
    parser = ArgumentParser(prog="python -m benchmarks.pages", description=__doc__)
    parser.add_argument("--database", choices=KINDS, default=KINDS[0])
    parser.add_argument("--tasks", type=positive, default=1_312, help="(default: %(default)s)")
    parser.add_argument("--repeat", type=positive, default=5, help="(default: %(default)s)")
    add_common_options(parser)
    options = parser.parse_args(words)
    options.recordings = find_recordings(options.wfformat)
    return options


def graphs_of(options: Namespace) -> "Iterator[tuple[str, Graph]]":
    """Yield a small graph, one of the size asked for, and the recorded ones."""
    from benchmarks import graphs
    from benchmarks.product import read_recording

    yield "lattice", graphs.lattice(SMALL)
    yield "lattice", graphs.lattice(options.tasks)
    for path in options.recordings:
        yield path.stem, read_recording(path)


@contextmanager
def browser_context(site: "Site") -> "Iterator[BrowserContext]":
    """Start a browser in which somebody is logged in."""
    from playwright.sync_api import sync_playwright

    from benchmarks.site import authenticated_client

    session = authenticated_client(site).cookies["sessionid"]
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or sys.exit("no chromium here")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        window: ViewportSize = {"width": WIDTH, "height": HEIGHT}
        context = chromium.new_context(viewport=window, base_url=site.address)
        context.add_cookies([{"name": "sessionid", "value": session, "url": site.address}])
        yield context
        chromium.close()


def measure(context: "BrowserContext", name: str, path: str, tasks: int, repeat: int) -> Opened:
    """Open a page so many times, once more before, and drag its graph."""
    found = Opened(name, tasks)
    for _ in range(repeat + 1):
        page = context.new_page()
        page.goto(path, wait_until="commit")
        found.first_graph_s.append(page.evaluate(WHEN_DRAWN) / 1e3)
        page.wait_for_load_state("networkidle")
        found.received = found.received or page.evaluate(RECEIVED)
        found.frames_s += drag(page)
        page.close()
    del found.first_graph_s[0]  # its files were not yet kept by the browser
    return found


def drag(page: "Page") -> list[float]:
    """Drag the graph to and fro; return the seconds between the frames."""
    box = page.locator("#graph svg").first.bounding_box() or sys.exit("there is no graph")
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.evaluate(RECORD_FRAMES)
    for turn in range(DRAGS):
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + (300 if turn % 2 else -300), y + 80, steps=MOVES_PER_DRAG)
        page.mouse.up()
    return [each / 1e3 for each in page.evaluate("frames_ms")]


def measure_all(options: Namespace) -> "Iterator[Opened]":
    """Yield what is measured for each graph."""
    from django.urls import reverse

    from benchmarks.product import create_benchmark_run, create_benchmark_template
    from benchmarks.site import serve_site

    drawn = {
        create_benchmark_run(create_benchmark_template(graph)).pk: (name, len(graph))
        for name, graph in graphs_of(options)
    }
    with serve_site() as site, browser_context(site) as context:
        for run, (name, tasks) in drawn.items():
            path = reverse("admin:workflows_workflowrun_change", args=[run])
            yield measure(context, name, path, tasks, options.repeat)


def main(words: Sequence[str]) -> int:
    """Measure, print the table, and write it where it was asked for."""
    options = parse_arguments(words)
    clean_up_on_sigterm()
    with database(options.database) as url:
        set_up(url)
        text = describe_conditions(options.database)
        text += "\n\n" + table(HEADINGS, [each.row() for each in measure_all(options)])
    print(text)
    if options.publish:
        publish("pages", text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
