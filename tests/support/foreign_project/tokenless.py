"""Its settings with as few apps as ours need."""

from tests.support.foreign_project.bare import *  # noqa: F403 (all others are the same)
from tests.support.foreign_project.bare import INSTALLED_APPS

INSTALLED_APPS = [app for app in INSTALLED_APPS if app != "knox"]
