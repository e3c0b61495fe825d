"""What the wheel requires is what its packages import, in ranges that the tested versions fit."""

import ast
import re
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions, requires

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support.packaged import ROOT

APPS = ("runners", "workflows")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
NEEDED = [Requirement(line) for line in PROJECT["dependencies"]]
EXTRAS = {
    extra: [Requirement(line) for line in lines]
    for extra, lines in PROJECT["optional-dependencies"].items()
}
OPTIONAL = [requirement for extra in EXTRAS.values() for requirement in extra]
BY_NAME_ALONE = {"drf-spectacular-sidecar"}
"""Apps that settings name; nobody imports them."""


def named(requirements: list[Requirement]) -> set[str]:
    return {canonicalize_name(requirement.name) for requirement in requirements}


@cache
def pins() -> dict[str, str]:
    """Return the version of each package that requirements*.txt pins."""
    texts = [path.read_text() for path in ROOT.glob("requirements*.txt")]
    found = re.findall(r"^([\w.-]+)(?:\[.*?\])?==(\S+)", "\n".join(texts), re.MULTILINE)
    return {canonicalize_name(name): version for name, version in found}


@cache
def imported() -> set[str]:
    """Return the distributions of which the two apps import something, anywhere in their code."""
    nodes = [
        node
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
    ]
    modules = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    modules |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    packages = {module.partition(".")[0] for module in modules}
    foreign = packages - set(APPS) - set(sys.stdlib_module_names)
    distributions = packages_distributions()
    return {canonicalize_name(distributions.get(name, [name])[0]) for name in foreign}


def test_each_import_is_of_a_declared_dependency() -> None:
    # Celery brings kombu: its messages.
    assert imported() - named(NEEDED) - named(OPTIONAL) - {"kombu"} == set()


def test_each_declared_dependency_is_imported() -> None:
    assert named(NEEDED) - imported() == set()
    assert named(OPTIONAL) - imported() - BY_NAME_ALONE == set()


@pytest.mark.parametrize("requirement", [*NEEDED, *OPTIONAL], ids=str)
def test_version_that_the_suite_runs_with_is_within_the_range(requirement: Requirement) -> None:
    assert pins()[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.parametrize("requirement", [*NEEDED, *OPTIONAL], ids=str)
def test_every_dependency_says_since_which_version_it_fits(requirement: Requirement) -> None:
    assert any(part.operator == ">=" for part in requirement.specifier)


def test_celery_brings_kombu() -> None:
    assert "kombu" in named([Requirement(line) for line in requires("celery") or []])


def test_classifiers_name_the_versions_of_django_in_its_range() -> None:
    (django,) = (requirement for requirement in NEEDED if requirement.name == "django")
    named_versions = re.findall(
        r"Framework :: Django :: ([\d.]+)", "\n".join(PROJECT["classifiers"])
    )
    assert named_versions == ["5.2", "6.0", "6.1"]
    assert all(version in django.specifier for version in named_versions)
    assert not {"5.1.15", "6.2"} & set(django.specifier.filter(["5.1.15", "6.2"]))
