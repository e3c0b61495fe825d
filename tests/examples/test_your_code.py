"""docs/your-code.md, as typed: functions that use models and settings of one's own."""

import re
from pathlib import Path

import pytest

from tests.support.projects import ROOT, manage_with

pytestmark = pytest.mark.slow

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
    manage = manage_with("shop.settings", tmp_path, "db.sqlite3")

    manage("makemigrations", "shop")
    manage("migrate", "-v", "0")
    manage("import_workflow", str(tmp_path / "count.yaml"))
    assert manage("run_workflow", "count-orders").splitlines()[-1] == "Result of count: 0"
