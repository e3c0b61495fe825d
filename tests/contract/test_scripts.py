"""The behaviour of runs, written as scripts and played over HTTP."""

import pytest

from tests.contract.player import play
from tests.contract.scripts import SCRIPTS
from tests.contract.site import Site


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_site_answers_as_the_script_says(site: Site, script: str) -> None:
    play(site, script)


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("graph a\nnext -> b", "'next -> b' was answered 'a'"),
        ("graph a\nresume", "'resume' was answered '409 workflow run is created'"),
        ("graph a\nrun ~> success", "'run ~> success' was answered 'created'"),
    ],
)
def test_wrong_script_fails_at_its_line(site: Site, script: str, line: str) -> None:
    with pytest.raises(AssertionError, match=line):
        play(site, script)
