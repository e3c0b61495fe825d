"""A project on SQLite without tokens: nothing that only an extra brings is imported."""

import pytest

from tests.embedded.conftest import MakeProject
from tests.embedded.test_databases import run_a_workflow
from tests.support.long import long_only

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), long_only]

MISSING = """
import sys

class Missing:
    names = {"celery", "drf_spectacular_sidecar", "knox", "kombu"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)

sys.meta_path.insert(0, Missing())
"""
WITHOUT_TOKENS = '["rest_framework", "django_filters", "drf_spectacular", "runners", "workflows"]'


def test_workflows_run_with_what_is_required_alone(project: MakeProject) -> None:
    shop = project()
    is_sqlite = "sqlite3" in (shop.folder / "shop" / "settings.py").read_text().splitlines()[-1]
    missing = MISSING.replace('"knox"', '"knox", "psycopg", "psycopg2"') if is_sqlite else MISSING
    (shop.folder.parent / "library" / "sitecustomize.py").write_text(missing)
    shop.install(apps=WITHOUT_TOKENS)
    assert shop.check() == []
    shop.manage("migrate")
    run_a_workflow(shop)
    said = shop.manage("create_api_token", "ada", fails=True)
    assert "pip install 'django-orchestrator[tokens]'" in said
    pages = shop.python("""
        from django.contrib.auth.models import User
        from django.test import Client
        from django.test.utils import setup_test_environment
        setup_test_environment()
        client = Client()
        print(client.get("/ops/tasks").status_code)
        client.force_login(User.objects.create_superuser("ada", "ada@example.org", "secret"))
        paths = ["/ops/tasks", "/admin/", "/admin/workflows/workflowrun/1/change/"]
        print([client.get(path).status_code for path in paths])
    """)
    assert "401\n[200, 200, 200]\n" in pages
