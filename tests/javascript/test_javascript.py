"""The modules that need no page are tested in JavaScript, by Node's own test runner."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
STATIC = HERE.parents[1] / "workflows" / "static"
LONGEST_FILE = 300
FILES = sorted(path.name for path in HERE.glob("*.test.js"))
NODE = shutil.which("node", path=str(Path(sys.executable).parent)) or shutil.which("node")


@pytest.mark.skipif(NODE is None, reason="needs Node: `make setup` installs it")
@pytest.mark.parametrize("file", FILES)
def test_javascript_tests_of_a_file_pass(file: str) -> None:
    assert NODE is not None
    # It runs its tests in the zone of the machine; the expected times are written in this one.
    done = subprocess.run(
        [NODE, "--test", "--test-reporter=spec", file],
        cwd=HERE,
        env={"TZ": "Europe/Berlin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_no_script_or_stylesheet_has_more_than_300_lines() -> None:
    files = [*STATIC.rglob("*.js"), *STATIC.rglob("*.css"), *HERE.glob("*.js")]
    lines = {str(path): path.read_text().count("\n") for path in files}
    assert {path for path, count in lines.items() if count > LONGEST_FILE} == set()
