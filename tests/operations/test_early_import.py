"""Models of a project may import the operations, whatever the order of the apps."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODELS = """
from django.db import models
from workflows.operations import Actor, Invalid, start_run
from workflows.signals import run_finished, task_failed

class Order(models.Model):
    paid = models.BooleanField(default=False)
"""
SETTINGS = """
from tests.settings import *
INSTALLED_APPS = {}
DATABASE_ROUTERS = {}

class Router:
    def db_for_read(self, model, **hints):
        return "default"

    db_for_write = db_for_read
"""


@pytest.mark.parametrize("routers", [[], ["early_settings.Router"]])
@pytest.mark.parametrize("apps", ['["early", *INSTALLED_APPS]', '[*INSTALLED_APPS, "early"]'])
def test_models_may_import_the_operations(tmp_path: Path, apps: str, routers: list[str]) -> None:
    (tmp_path / "early").mkdir()
    (tmp_path / "early" / "models.py").write_text(MODELS)
    (tmp_path / "early_settings.py").write_text(SETTINGS.format(apps, routers))
    done = subprocess.run(
        [sys.executable, "-c", "import django; django.setup()"],
        env={
            **os.environ,
            "PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}",
            "DJANGO_SETTINGS_MODULE": "early_settings",
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
