"""A project that wraps each request in a transaction: what ours answers is stored by then."""

import json

import pytest

from tests.embedded.conftest import MakeProject
from tests.embedded.test_databases import TEMPLATE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

OWN_VIEW = """
from django.db import connection
from django.http import HttpResponse
urlpatterns += [path("own/", lambda request: HttpResponse(str(connection.in_atomic_block)))]
"""
REQUESTS = """
import json
from django.contrib.auth.models import User
from django.test import Client
from django.test.utils import setup_test_environment
from runners.models import Runner
from workflows.models import Event, TaskAttempt, WorkflowRun, WorkflowTemplate
setup_test_environment()
client = Client()
client.force_login(User.objects.create_superuser("ada", "ada@example.org", "secret"))
answers = {}

def ask(method, path, body=None, **how):
    answer = getattr(client, method)(path, body, **how)
    answers[path] = answer.status_code
    return answer

json_body = {"content_type": "application/json"}
template = WorkflowTemplate.objects.get()
ask("post", "/ops/workflow-runs", {"workflow_template_id": template.pk}, **json_body)
ask("post", "/ops/workflow-runs/1/dispatch-ready", {}, **json_body)
page = "/admin/workflows/workflowrun/1/change/"
ask("get", page)
runs = "/admin/workflows/workflowrun/"
ask("post", runs, {"action": "abort", "_selected_action": ["1"], "confirmed": "1", "reason": "why"})
fields = {"name": "second", "kind": "local", "max_concurrency": "2", "is_enabled": "on"}
ask("post", "/admin/runners/runner/add/", fields)
own = ask("get", "/own/").content.decode()
print(json.dumps(dict(
    answers=answers,
    own=own,
    attempts=TaskAttempt.objects.count(),
    state=WorkflowRun.objects.get().state,
    runners=Runner.objects.count(),
)))
"""


def test_doors_of_ours_are_not_inside_the_transaction(project: MakeProject) -> None:
    shop = project("DATABASES['default']['ATOMIC_REQUESTS'] = True")
    shop.write("urls.py", OWN_VIEW)
    shop.install()
    shop.manage("migrate")
    (shop.folder / "hello.yaml").write_text(TEMPLATE)
    shop.manage("import_workflow", "hello.yaml")

    found = json.loads(shop.python(REQUESTS).splitlines()[-1])

    assert {path: code for path, code in found["answers"].items() if code >= 400} == {}
    assert found["own"] == "True"
    assert (found["attempts"], found["state"], found["runners"]) == (1, "aborted", 2)
