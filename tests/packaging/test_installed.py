"""The wheel is all that another project needs."""

import json
from pathlib import Path

import pytest

from tests.support.hosts import Host
from tests.support.long import long_only
from tests.support.packaged import Environment, install

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]  # packages are downloaded

SITE = ["benchmarks", "examples", "orchestrator", "scripts", "tests", "environ", "gunicorn"]
"""The packages of the standalone site and some that only it uses."""


MANIFEST = """
STATIC_ROOT = BASE_DIR / "collected"
MANIFESTS = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
STORAGES = {"staticfiles": {"BACKEND": MANIFESTS}}
"""


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((), marks=long_only, id="bare"),
        pytest.param(("tokens", "docs"), id="extras"),
    ],
)
def environment(request: pytest.FixtureRequest) -> Environment:
    return install(*request.param)


@pytest.fixture(scope="module")
def host(environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Host:
    made = Host(environment, tmp_path_factory.mktemp("installed"))
    has_tokens = environment == install("tokens", "docs")
    made.add_the_lines(*(("knox", "drf_spectacular_sidecar") if has_tokens else ()))
    return made


def test_project_with_the_lines_has_nothing_to_complain_about(host: Host) -> None:
    assert "no issues" in host.manage("check", "--fail-level", "WARNING")


def test_project_with_the_lines_migrates_and_has_no_migration_to_make(host: Host) -> None:
    host.manage("migrate")
    assert "No changes detected" in host.manage("makemigrations", "--check")


def test_static_files_are_collected_with_addresses_of_their_content(host: Host) -> None:
    host.add("settings.py", MANIFEST)
    host.manage("collectstatic", "--noinput")
    known = json.loads((host.folder / "collected" / "staticfiles.json").read_text())["paths"]
    assert {"workflows/console.js", "workflows/guest.css"} <= known.keys()
    for name in ("workflows/console.js", "workflows/run/page.js", "workflows/guest.css"):
        assert (host.folder / "collected" / known[name]).exists()


def test_nothing_of_the_standalone_site_is_importable(
    environment: Environment, tmp_path: Path
) -> None:
    code = "import importlib.util as u; print([n for n in {} if u.find_spec(n)])"
    others = [
        "orchestrator",
        "examples",
        "benchmarks",
        "scripts",
        "tests",
        "gunicorn",
        "whitenoise",
    ]
    assert environment.run("-c", code.format(others), cwd=tmp_path) == "[]\n"


def test_installed_packages_require_each_other_in_fitting_versions(
    environment: Environment,
) -> None:
    environment.pip("check")  # fails if they do not
