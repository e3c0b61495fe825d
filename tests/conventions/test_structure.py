"""Files and functions stay small, and one name means one thing within a package."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from statistics import median

ROOT = Path(__file__).parents[2]
PACKAGES = ("orchestrator", "runners", "workflows")
EVERYWHERE = (*PACKAGES, "benchmarks", "examples", "scripts", "tests")
LONGEST_FILE = 300
LONGEST_FUNCTION = 35
MEDIAN_FUNCTION = 7
LONGEST_CLASS = 120
DJANGO_NAMES = {"Command", "Meta", "Migration"}
"""What Django looks for by its name."""

Function = ast.FunctionDef | ast.AsyncFunctionDef


def sources(*folders: str) -> Iterator[tuple[str, str]]:
    """Yield the path and the text of each Python file of ours, migrations left out."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), path.read_text()


@cache
def sizes(folder: str) -> dict[str, int]:
    """Return how many lines each function and method has, its decorators left out."""
    return {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, text in sources(folder)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, Function)
    }


def test_no_file_has_more_than_300_lines() -> None:
    long = {path for path, text in sources(*EVERYWHERE) if text.count("\n") > LONGEST_FILE}
    assert not long


def test_no_class_of_the_executor_has_more_than_120_lines() -> None:
    found = {
        f"{path}:{node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path, text in sources("runners/slots", "workflows/execution")
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ClassDef)
    }
    assert {name for name, lines in found.items() if lines > LONGEST_CLASS} == set()


def test_no_function_has_more_than_35_lines() -> None:
    found = {name: n for folder in EVERYWHERE for name, n in sizes(folder).items()}
    assert {name for name, n in found.items() if n > LONGEST_FUNCTION} == set()


def test_half_of_the_functions_have_at_most_7_lines() -> None:
    assert median(n for package in PACKAGES for n in sizes(package).values()) <= MEDIAN_FUNCTION


def test_one_name_means_one_thing_within_a_package() -> None:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for path, text in sources(*PACKAGES):
        package, _, file = path.rpartition("/")
        for node in ast.parse(text).body:
            if isinstance(node, Function | ast.ClassDef) and not _is_known_twice(node):
                found[package, node.name].append(file)
    assert {name: files for name, files in found.items() if len(files) > 1} == {}


def _is_known_twice(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Return True for names that Django gives, and for each type of a function with several."""
    is_type = any(ast.unparse(each) == "overload" for each in node.decorator_list)
    return node.name in DJANGO_NAMES or is_type


def test_no_private_name_is_imported_from_another_module() -> None:
    private = {
        f"{path}:{node.lineno} {alias.name}"
        for path, text in sources(*PACKAGES)
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PACKAGES)
        for alias in node.names
        if alias.name.startswith("_") and not alias.name.endswith("__")
    }
    assert private == set()
