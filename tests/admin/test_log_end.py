"""Pages show the end of a log, however many pieces it came in."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.admin.conftest import text_of, url_of
from tests.support.drawing import DrawRun
from tests.support.verbs import attempt, dispatch_all, task
from workflows.insight.log_end import CHARACTERS_SHOWN, log_end
from workflows.models import LogPiece, TaskAttempt
from workflows.reports.logs import AttemptLog

LINES = [f"\n{n} <line> ä\n" for n in range(4_000)]


@pytest.fixture
def printing(runs: DrawRun) -> TaskAttempt:
    """Return an attempt that is being executed."""
    run = runs("a")
    dispatch_all(run)
    return attempt(run, "a")


def write(of: TaskAttempt, *outputs: str) -> str:
    """Store the log of an attempt that printed these texts one by one; return the whole log."""
    log = AttemptLog(of.pk)
    for output in outputs:
        log.write(output.encode())
        LogPiece.objects.bulk_create(log.pieces())
    return "".join(outputs)


def shown_on(page: Any) -> str:
    """Return the log on a page as a browser reads it, without the first line break in `pre`."""
    shown = r'<pre class="output">\n(.*?)</pre>'
    [text] = re.findall(shown, page.content.decode(), re.DOTALL)
    return unescape(text)


def test_page_shows_the_end_of_what_came_line_by_line(root: Client, printing: TaskAttempt) -> None:
    whole = write(printing, *LINES)
    assert printing.log_pieces.count() == len(LINES)

    answer = root.get(url_of(task_of(printing)))

    assert shown_on(answer) == whole[-CHARACTERS_SHOWN:]
    before = len(whole) - CHARACTERS_SHOWN
    assert f"The first {before} characters are not shown here." in text_of(answer)


def task_of(of: TaskAttempt) -> Any:
    """Return the task of an attempt as it is now."""
    assert of.task.run
    return task(of.task.run, "a")


@pytest.mark.parametrize(
    "outputs",
    [
        ("", "short\n"),
        ("x" * CHARACTERS_SHOWN,),
        ("x" * 31_999, "y" * 31_999, "z" * 31_999, "\nlast\n"),
        ("x" * 500_000,),
        ("x" * 100_000, *"abc"),
        ("\n" * 40_000,),
    ],
)
def test_end_is_exact_whatever_the_pieces(printing: TaskAttempt, outputs: tuple[str, ...]) -> None:
    whole = write(printing, *outputs)
    shown = whole[-CHARACTERS_SHOWN:]
    assert log_end(printing) == {"text": shown, "before": len(whole) - len(shown)}


def test_attempt_that_printed_nothing_has_no_end(root: Client, printing: TaskAttempt) -> None:
    assert log_end(printing) == {"text": "", "before": 0}
    assert "No output." in text_of(root.get(url_of(printing)))


def test_end_takes_one_statement_and_few_rows(printing: TaskAttempt) -> None:
    write(printing, *["x" * 20_000] * 30)
    with CaptureQueriesContext(connection) as statements:
        log_end(printing)
    assert len(statements) == 1


def test_page_links_to_the_whole_log(root: Client, printing: TaskAttempt) -> None:
    whole = write(printing, *LINES)

    page = root.get(url_of(printing))
    text = root.get(url_of(printing, "log"))

    assert url_of(printing, "log") in page.content.decode()
    assert text.getvalue().decode() == whole
    assert text["Content-Type"] == "text/plain; charset=utf-8"
    assert text["X-Content-Type-Options"] == "nosniff"
