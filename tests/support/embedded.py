"""Projects of others with the two apps in them, which see nothing else of this repository."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

from scripts.test import SETTINGS
from tests.support.session import alone, shared

ROOT = Path(__file__).parents[2]
APPS = '["rest_framework", "django_filters", "drf_spectacular", "knox", "runners", "workflows"]'
NOT_OURS = {*SETTINGS, "DJANGO_SETTINGS_MODULE", "PYTHONPATH", "RUNS_DIR"}


class EmbeddedProject:
    """A project as `startproject` makes it; the apps come in by `install`."""

    def __init__(self, folder: Path, *, settings: str = "") -> None:
        """
        Make the project.

        :param settings: lines for the end of its settings.
        """
        self.folder = folder / "shop"
        library = folder / "library"
        library.mkdir()
        for package in ("runners", "workflows"):
            (library / package).symlink_to(ROOT / package)
        kept = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
        self.environment = {**kept, "PYTHONPATH": str(library)}
        shutil.copytree(_started(), self.folder)
        self.write("settings.py", settings)

    def install(self, *, apps: str = APPS) -> None:
        """Add our lines."""
        self.write("settings.py", f"INSTALLED_APPS += {apps}")
        self.write(
            "urls.py",
            """
            from django.urls import include
            urlpatterns += [path("ops/", include("workflows.api.urls"))]
            """,
        )

    def write(self, name: str, lines: str) -> None:
        """Add lines to a module of the project."""
        path = self._module(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("a") as module:
            module.write(f"\n{dedent(lines)}\n")

    def keep_lines(self) -> None:
        """Remember settings and URLs, so that `take_lines_out` takes out what is added."""
        self.kept = {name: self._module(name).read_text() for name in ("settings.py", "urls.py")}

    def take_lines_out(self) -> None:
        """Let settings and URLs be what they were."""
        for name, text in self.kept.items():
            self._module(name).write_text(text)

    def _module(self, name: str) -> Path:
        return self.folder / "shop" / name

    def add_app(self, name: str, models: str) -> None:
        """Add an app with these models, and make its first migration."""
        app = self.folder / name
        (app / "migrations").mkdir(parents=True)
        for module in (app / "__init__.py", app / "migrations" / "__init__.py"):
            module.touch()
        (app / "models.py").write_text(dedent(models))
        self.write("settings.py", f'INSTALLED_APPS += ["{name}"]')

    def manage(self, *arguments: str, fails: bool | None = False) -> str:
        """Call manage.py; return what it prints, both streams together."""
        return self.run("manage.py", *arguments, fails=fails)

    def python(self, lines: str) -> str:
        """Run lines in the project; return what they print."""
        begin = (
            "import os, django; "
            "os.environ.setdefault('DJANGO_SETTINGS_MODULE', 'shop.settings'); django.setup()\n"
        )
        return self.run("-W", "error", "-c", begin + dedent(lines))

    def check(self) -> list[str]:
        """Return the ids of what `check` says, the database's checks too."""
        said = self.run("manage.py", "check", "--database", "default", fails=None)
        return re.findall(r"\((\w+\.[EW]\d+)\)", said)

    def run(self, *arguments: str, cwd: Path | None = None, fails: bool | None = False) -> str:
        """Run Python to its end; it has to fail, to succeed, or (None) either."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=cwd or self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        said = done.stdout + done.stderr
        assert fails in (None, done.returncode != 0), said
        return said


def _started() -> Path:
    """Return a project as `startproject` makes it, made once per session."""
    made = shared() / "started"
    with alone("started"):
        if not made.exists():
            made.mkdir()
            start = [sys.executable, "-m", "django", "startproject", "shop"]
            subprocess.run(start, cwd=made, check=True)
    return made / "shop"
