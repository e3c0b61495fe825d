"""docs/settings.md describes every setting and environment variable that the code reads."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from runners.conf import DECLARED

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "settings.md").read_text()
NAME = re.compile(r"[A-Z][A-Z0-9_]+")
FOLDERS = ("orchestrator", "workflows", "runners", "examples", "scripts", "benchmarks", "tests")
PEERS = ROOT / "benchmarks" / "peers"  # reads variables of other orchestrators
FROM_THE_SYSTEM = {"HOME", "PATH", "XDG_RUNTIME_DIR"}
MADE_BY_A_TEST = {
    "CHAOS",
    "FOREIGN_ADMIN",
    "FOREIGN_APPS",
    "FOREIGN_DATABASE",
    "FOREIGN_MIGRATED",
    "FOREIGN_PREFIX",
    "FOREIGN_URLS",
    "WITHOUT_ORCHESTRATOR",
}


def files(*suffixes: str) -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            if path.name.endswith(suffixes) and PEERS not in path.parents:
                yield path
    yield from (path for path in ROOT.iterdir() if path.name.endswith(suffixes))


def modules(word: str) -> Iterator[ast.Module]:
    """Parse the modules whose text contains a word."""
    for path in files(".py"):
        if word in (text := path.read_text()):
            yield ast.parse(text)


def documented() -> set[str]:
    """Return the names in the first column of the page's tables."""
    cells = re.findall(r"^\| (`[^|]*`) \|", PAGE, re.MULTILINE)
    return {name for cell in cells for name in NAME.findall(cell)}


def attributes_of_settings(module: ast.Module) -> set[str]:
    """Return X of each `settings.X`."""
    return {
        node.attr
        for node in ast.walk(module)
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "settings"
        and NAME.fullmatch(node.attr)
    }


def environment_variables(module: ast.Module) -> set[str]:
    """Return X of each `environ["X"]`, `environ.get("X")`, `"X" in environ` and `boolean("X")`."""
    found: list[ast.expr] = []
    for node in ast.walk(module):
        match node:
            case ast.Subscript(value=value, slice=name, ctx=ast.Load()) if is_environ(value):
                found.append(name)
            case ast.Call(func=ast.Attribute(value=value), args=[name, *_]) if is_environ(value):
                found.append(name)
            case ast.Compare(left=name, comparators=[value]) if is_environ(value):
                found.append(name)
    return {
        node.value
        for node in found
        if isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and NAME.fullmatch(node.value)
    }


def is_environ(node: ast.expr) -> bool:
    """Return True for `os.environ`, and for the module that settings.py reads it with."""
    return ast.unparse(node) in {"os.environ", "environment"}


def constants_of_the_settings_module() -> set[str]:
    module = ast.parse((ROOT / "orchestrator" / "settings.py").read_text())
    names = {
        target.id
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return names - {"_"}


def test_it_describes_every_constant_of_the_settings_module() -> None:
    assert constants_of_the_settings_module() - documented() == set()


def test_it_describes_every_setting_that_the_code_reads() -> None:
    read = {name for module in modules("settings.") for name in attributes_of_settings(module)}
    assert {"RUNNER_BACKENDS", "CELERY_APP", "FAILED_LOGINS"} <= read
    assert read - documented() == set()


def test_it_describes_every_setting_of_the_apps() -> None:
    assert DECLARED.keys() - documented() == set()


def test_apps_read_their_settings_in_one_way() -> None:
    """Read what has a default by `runners.conf.setting`, so that a project may leave it out."""
    names = "|".join(DECLARED)
    direct = re.compile(rf"settings\.(?:{names})\b")
    apps = [path for path in files(".py") if {"workflows", "runners"} & set(path.parts)]
    found = [path for path in apps if "tests" not in path.parts]
    assert [path.name for path in found if direct.search(path.read_text())] == []


def test_it_describes_every_environment_variable_that_the_code_reads() -> None:
    read = {name for module in modules("environ") for name in environment_variables(module)}
    assert {"DATABASE_URL", "PROXIES", "ORACLE_STEPS"} <= read
    assert read - FROM_THE_SYSTEM - MADE_BY_A_TEST - documented() == set()


def test_it_describes_nothing_that_does_not_exist() -> None:
    code = "\n".join(path.read_text() for path in files(".py", "Makefile", ".yaml", ".yml"))
    assert {name for name in documented() if name not in code} == set()
