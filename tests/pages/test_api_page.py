"""docs/api.md, as typed: each request of its examples succeeds, from an empty database."""

import json
import re

import pytest
import trustme

from tests.pages.conftest import Shell
from tests.support.typed import blocks, page, section

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(180),
]

PAGE = page("api.md")
STATUS = re.compile(r"^HTTP (\d+)$", re.MULTILINE)
WRITE_STATUS = 'write-out = "\\nHTTP %{http_code}\\n"\n'


@pytest.fixture(scope="module")
def answers(shell: Shell) -> list[tuple[str, str]]:
    """Type all blocks of the page; return each request with its answer and status."""
    (shell.folder / ".curlrc").write_text(WRITE_STATUS)
    authority = shell.folder / "ca.pem"
    trustme.CA().cert_pem.write_to_path(authority)
    typed = blocks(PAGE.replace("/etc/orchestrator/ca.pem", str(authority)))
    said = shell.must(*typed, CURL_HOME=str(shell.folder))
    return list(zip(requests_of(typed), [*split(said)], strict=True))


def requests_of(typed: list[str]) -> list[str]:
    """Return the first line of each request."""
    return re.findall(r"^call ([^'\n]+)", "\n".join(typed), re.MULTILINE)


def split(said: str) -> list[str]:
    """Return the answers, each with its status at its end."""
    return [part.strip() for part in re.split(r"(?<=HTTP \d\d\d)\n", said) if part.strip()]


def status_of(answer: str) -> str:
    """Return the status of an answer."""
    return str(STATUS.findall(answer)[-1])


def test_every_request_succeeds_but_the_one_that_shows_an_error(
    answers: list[tuple[str, str]],
) -> None:
    assert len(answers) > 25
    failed = [(request, answer) for request, answer in answers if status_of(answer)[0] != "2"]
    assert [status_of(answer) for _, answer in failed] == ["400"], failed
    assert failed == answers[-1:]


def test_error_is_the_one_that_the_page_shows(answers: list[tuple[str, str]]) -> None:
    [shown] = blocks(section(PAGE, "Errors"), "json")

    assert json.loads(answers[-1][1].rpartition("\n")[0]) == json.loads(shown)


def test_runs_end_as_the_example_lets_them_end(
    shell: Shell, answers: list[tuple[str, str]]
) -> None:
    shell.must("until python manage.py runs --state success | grep -q nightly; do sleep 0.1; done")

    said = shell.must("python manage.py runs")
    assert re.search(r"2 +.*aborted", said)
    assert re.search(r"1 +.*success", said)
