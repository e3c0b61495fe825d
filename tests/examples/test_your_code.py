"""docs/your-code.md, as typed: functions that use models and settings of one's own."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"```python\n# /srv/shop-workflows/(\S+)\n(.*?)```", re.DOTALL)
MODELS = """
from django.db import models

class Order(models.Model):
    day = models.DateField()
"""
TEMPLATE = """
name: count-orders
steps:
- step_id: count
  title: Count the orders
  payload: {python: shop.count_orders}
"""


def test_models_and_settings_of_ones_own_work_as_the_page_says(tmp_path: Path) -> None:
    files = dict(FENCE.findall((ROOT / "docs" / "your-code.md").read_text()))
    assert set(files) == {"shop/settings.py", "shop/steps.py"}
    files |= {"shop/__init__.py": "", "shop/models.py": MODELS, "count.yaml": TEMPLATE}
    (tmp_path / "shop").mkdir()
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    environment = {
        **os.environ,
        "PYTHONPATH": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "shop.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
    }

    def manage(*arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, str(ROOT / "manage.py"), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    manage("makemigrations", "shop")
    manage("migrate", "-v", "0")
    manage("import_workflow", str(tmp_path / "count.yaml"))
    assert manage("run_workflow", "count-orders").splitlines()[-1] == "Result of count: 0"
