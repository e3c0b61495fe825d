"""Its settings before our apps were installed."""

from tests.support.foreign_project.settings import *  # noqa: F403 (all others are the same)
from tests.support.foreign_project.settings import INSTALLED_APPS

OURS = ("runners", "workflows")
INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in OURS]
ROOT_URLCONF = "tests.support.foreign_project.own_urls"
