"""The files and functions that the documentation names exist."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]
REFERENCE = re.compile(r"`([\w./-]+\.(?:py|js|css|html|svg|yaml|toml))(?::([\w.]+))?`")
"""`path` or `path:name`, where the name is a function, `Class.method` or a constant."""
EXAMPLES = {"safe-copy.yaml", "shop/runners.py"}
"""Files that the documentation asks its readers to write."""

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


@cache
def project_files() -> list[str]:
    skipped = {".git", ".venv", "var", "node_modules"}
    folders = [path for path in ROOT.iterdir() if path.is_dir() and path.name not in skipped]
    found = [*ROOT.iterdir(), *(path for folder in folders for path in folder.rglob("*"))]
    return [f"/{path.relative_to(ROOT)}" for path in found]


@cache
def names_in(path: Path) -> set[str]:
    """Return the functions, classes, methods and constants that a module defines."""
    return {name for node in ast.parse(path.read_text()).body for name in defined(node)}


def defined(node: ast.stmt, prefix: str = "") -> list[str]:
    match node:
        case ast.ClassDef(name=name, body=body):
            inner = [each for child in body for each in defined(child, f"{prefix}{name}.")]
            return [prefix + name, *inner]
        case ast.FunctionDef(name=name):
            return [prefix + name]
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return [prefix + name]
    return []


def missing_references(text: str) -> list[str]:
    """Return the references of a text that lead nowhere."""
    found = []
    for path, name in REFERENCE.findall(text):
        files = [each for each in project_files() if each.endswith(f"/{path}")]
        modules = [ROOT / each[1:] for each in files]
        known = not name or any(name in names_in(each) for each in modules)
        if path not in EXAMPLES and not (files and known):
            found.append(f"{path}:{name}" if name else path)
    return found


@each_page
def test_every_file_and_function_that_a_page_names_exists(page: Path) -> None:
    assert missing_references(page.read_text()) == []


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("`workflows/runs/locks.py:lock_run`", []),
        ("`locks.py`", []),
        ("`workflows/runs/padlocks.py`", ["workflows/runs/padlocks.py"]),
        ("`workflows/runs/locks.py:lock_all`", ["workflows/runs/locks.py:lock_all"]),
        ("`models/run.py:WorkflowRun.save`", []),
        ("`models/run.py:WorkflowRun.keep`", ["models/run.py:WorkflowRun.keep"]),
    ],
)
def test_a_reference_that_leads_nowhere_is_found(text: str, missing: list[str]) -> None:
    assert missing_references(text) == missing
