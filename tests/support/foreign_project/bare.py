"""Its settings with as few apps as ours need, and tokens."""

from tests.support.foreign_project.settings import *  # noqa: F403 (all others are the same)
from tests.support.foreign_project.settings import INSTALLED_APPS

UNNEEDED = ("rest_framework", "django_filters", "drf_spectacular")
INSTALLED_APPS = [app for app in INSTALLED_APPS if app not in UNNEEDED]
