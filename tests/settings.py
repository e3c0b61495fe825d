"""The product's settings, on a database of the tests' own; DATABASE_URL says of which kind."""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

from django import VERSION

from orchestrator.settings import *  # noqa: F403 (tests run on the product's settings)
from orchestrator.settings import DATABASES, INSTALLED_APPS, TASK_FUNCTION_MODULES

# A file, not ":memory:", so that locks, threads and WAL are those of an installation.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    NAME = Path(tempfile.gettempdir()) / f"orchestrator-test-{os.getpid()}.sqlite3"
    DATABASES["default"]["TEST"] = {"NAME": str(NAME)}

# One for all processes of the tests; runs of other databases have other names.
if "RUNS_DIR" not in os.environ:
    os.environ["RUNS_DIR"] = tempfile.mkdtemp(prefix="orchestrator-test-runs-")
    atexit.register(shutil.rmtree, os.environ["RUNS_DIR"], ignore_errors=True)
RUNS_DIR = Path(os.environ["RUNS_DIR"])

# Hashing passwords well takes a quarter of a second each.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]

# Django 6.1 warns of mails without it, and 5.2 has not heard of it.
if VERSION >= (6, 1):
    MAILERS = {"default": {"BACKEND": "django.core.mail.backends.locmem.EmailBackend"}}

# Each test's client would look for all static files anew.
WHITENOISE_AUTOREFRESH = True

# Every process that executes for a test knows the functions of the tests.
TASK_FUNCTION_MODULES = [
    *TASK_FUNCTION_MODULES,
    "tests.support.task_functions",
    "tests.support.harmless_functions",
    "tests.support.hostile_functions",
]

# An app as projects have them that install ours.
INSTALLED_APPS = [*INSTALLED_APPS, "tests.support.django_shop"]
