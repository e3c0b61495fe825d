"""Projects of others: made by `startproject` in an environment that the wheel is installed in."""

from pathlib import Path

from tests.support.packaged import Environment

APPS = ("rest_framework", "django_filters", "drf_spectacular", "runners", "workflows")
ROUTES = """
from django.urls import include

urlpatterns += [path("ops/", include("workflows.api.urls"))]
"""


class Host:
    """A project with the lines of the documentation and nothing else of ours."""

    def __init__(self, environment: Environment, folder: Path, name: str = "shop") -> None:
        """Make it by `startproject` in a folder."""
        self.environment, self.name, self.folder = environment, name, folder / name
        environment.run("-m", "django", "startproject", name, cwd=folder)

    def add(self, file: str, lines: str) -> None:
        """Add lines to the end of a file of the project: `settings.py`, `urls.py`."""
        with (self.folder / self.name / file).open("a") as opened:
            opened.write(lines)

    def add_the_lines(self, *more_apps: str) -> None:
        """Add the apps, below others such as `knox`, and the routes of the API, as documented."""
        self.add("settings.py", f"\nINSTALLED_APPS += {[*more_apps, *APPS]!r}\n")
        self.add("urls.py", ROUTES)

    def manage(self, *arguments: str, **variables: str) -> str:
        """Run a command of its manage.py to the end, and return what is printed."""
        return self.environment.run("manage.py", *arguments, cwd=self.folder, **variables)
