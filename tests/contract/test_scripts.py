"""What runs do, told as scripts and played over HTTP."""

import pytest

from tests.contract.player import Site, play
from tests.contract.scripts import SCRIPTS


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS)
def test_it_goes_as_the_script_says(site: Site, script: str) -> None:
    play(site, script)


@pytest.mark.parametrize(
    ("script", "line"),
    [
        ("graph a\nnext -> b", "'next -> b' was answered 'a'"),
        ("graph a\nresume", "'resume' was answered '409 workflow run is created'"),
        ("graph a\nrun ~> success", "'run ~> success' was answered 'created'"),
    ],
)
def test_a_script_that_is_wrong_fails_at_its_line(site: Site, script: str, line: str) -> None:
    with pytest.raises(AssertionError, match=line):
        play(site, script)
