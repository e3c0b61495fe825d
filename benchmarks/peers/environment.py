"""A virtual environment for each peer, with the packages its program declares (PEP 723)."""

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
ENVIRONMENTS = ROOT / "var" / "peers"
INSTALL_WITHIN_S = 900
NO_PEERS = {"__init__", "__main__", "environment", "peer", "protocol"}

NAMES = sorted(path.stem for path in FOLDER.glob("*.py") if path.stem not in NO_PEERS)


class NotInstalled(Exception):
    """The peer cannot be installed here."""


def dependencies(name: str) -> list[str]:
    """Return the packages that a peer's program needs, pinned."""
    head = re.search(r"^# /// script\n((?:#.*\n)+?)# ///$", _program(name), re.MULTILINE)
    lines = head[1].splitlines() if head else []
    packages: list[str] = tomllib.loads("\n".join(line[2:] for line in lines))["dependencies"]
    return packages


def description(name: str) -> str:
    """Return one sentence on what is measured of a peer."""
    return ast.get_docstring(ast.parse(_program(name))) or name


def interpreter(name: str) -> Path:
    """
    Return the Python of a peer's environment; create the environment first if needed.

    :raises NotInstalled: with the last line of pip's output.
    """
    home = ENVIRONMENTS / name
    python = home / "bin" / "python"
    wanted, installed = "\n".join(dependencies(name)), home / "installed"
    if not installed.exists() or installed.read_text() != wanted:
        _run(sys.executable, "-m", "venv", str(home))
        _run(
            str(python),
            "-m",
            "pip",
            "install",
            "-qq",
            "--disable-pip-version-check",
            *wanted.split(),
        )
        installed.write_text(wanted)
    return python


def _program(name: str) -> str:
    return (FOLDER / f"{name}.py").read_text()


def _run(*command: str) -> None:
    try:
        done = subprocess.run(
            command, check=False, capture_output=True, text=True, timeout=INSTALL_WITHIN_S
        )
    except subprocess.TimeoutExpired as exc:
        raise NotInstalled(f"not installed within {INSTALL_WITHIN_S} s") from exc
    if done.returncode:
        raise NotInstalled((done.stderr.strip() or "not installed").splitlines()[-1])
