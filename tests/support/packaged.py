"""
The wheel, built once for all processes of the tests, and environments that it is installed in.

    from tests.support.packaged import install

    environment = install("tokens", with_packages=["django-unfold"])  # cached by its arguments
    environment.run("-m", "django", "startproject", "shop", cwd=folder)
    environment.run("manage.py", "check", cwd=folder / "shop")

The versions are those of requirements*.txt, so that no new release of others fails a test; what is
not listed there is as new as it comes.
"""

import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from scripts.test import SETTINGS
from tests.support.session import VARIABLE, alone, shared

ROOT = Path(__file__).parents[2]
OURS = {*SETTINGS, VARIABLE, "DJANGO_SETTINGS_MODULE", "PYTHONPATH", "RUNS_DIR"}
"""Environment variables of the tests, which a host must not see."""
INSTALLED = "installed"
"""The file that an environment has when it is complete."""


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment outside of this repository, with the wheel and what it requires."""

    folder: Path

    @property
    def python(self) -> Path:
        """Return its interpreter."""
        return self.folder / "bin" / "python"

    def variables(self, **more: str) -> dict[str, str]:
        """Return the environment variables for its programs."""
        kept = {name: value for name, value in os.environ.items() if name not in OURS}
        path = f"{self.folder / 'bin'}{os.pathsep}{kept['PATH']}"
        return {**kept, "PATH": path, "VIRTUAL_ENV": str(self.folder), **more}

    def run(self, *arguments: str, cwd: Path, **variables: str) -> str:
        """Run its interpreter to the end; return what is printed, both streams together."""
        return _run([self.python, *arguments], cwd=cwd, env=self.variables(**variables))

    def pip(self, *arguments: str) -> str:
        """Run the pip of the tests on its packages, likewise."""
        pip = [sys.executable, "-m", "pip", "--quiet", "--python", self.python, *arguments]
        return _run(pip, cwd=self.folder, env=self.variables())


def install(*extras: str, with_packages: Sequence[str] = ()) -> Environment:
    """
    Return an environment with the wheel, its extras and other packages; made once per session.

    :param with_packages: as pip takes them. One that requirements*.txt pins has that version.
    """
    return _install(tuple(sorted(extras)), tuple(sorted(with_packages)))


def built() -> Path:
    """Return the path of the wheel, built from this tree once per session."""
    (wheel,) = _dist().glob("*.whl")
    return wheel


def archived() -> Path:
    """Return the path of the source archive, built with the wheel."""
    (archive,) = _dist().glob("*.tar.gz")
    return archive


@cache
def _dist() -> Path:
    dist = shared() / "dist"
    with alone("dist"):
        if not dist.exists():
            _run([sys.executable, "-m", "hatchling", "build", "-d", dist], cwd=ROOT)
    return dist


@cache
def _install(extras: tuple[str, ...], packages: tuple[str, ...]) -> Environment:
    wheel = f"{built()}[{','.join(extras)}]" if extras else str(built())
    name = "env-" + hashlib.sha256(repr((extras, packages)).encode()).hexdigest()[:12]
    made = Environment(shared() / name)
    with alone(name):
        if not (made.folder / INSTALLED).exists():
            # Neither a pip of its own nor compiled files that nobody imports: that takes longest.
            venv = [sys.executable, "-m", "venv", "--clear", "--without-pip", made.folder]
            _run(venv, cwd=shared())
            made.pip("install", "--no-compile", "-c", str(_constraints()), wheel, *packages)
            (made.folder / INSTALLED).touch()
    return made


def pins() -> list[str]:
    """Return the pins of all requirements."""
    texts = [path.read_text() for path in ROOT.glob("requirements*.txt")]
    lines = {line.split("#")[0].strip() for text in texts for line in text.splitlines()}
    return sorted(line for line in lines if "==" in line)


def _constraints() -> Path:
    """Return a file of constraints with all pins; those have no extras."""
    path = shared() / "pins.txt"
    path.write_text(re.sub(r"\[.*?\]", "", "\n".join(pins())))
    return path


def _run(command: Sequence[object], *, cwd: Path, env: Mapping[str, str] | None = None) -> str:
    ended = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=env,
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert ended.returncode == 0, f"{command}\n{ended.stdout}"
    return ended.stdout
