"""Users of any model: addresses as names, UUIDs as keys, nothing that they only usually have."""

import json

import pytest

from tests.embedded.conftest import MakeProject
from tests.support.long import long_only

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), long_only]

LONG_NAME = f"{'a' * 64}@{'b' * 63}.{'c' * 63}.{'d' * 53}.example"
"""As long as addresses may be: 254 characters."""
MODELS = """
import uuid
from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models

class People(BaseUserManager):
    def create_user(self, email, password=None, **more):
        person = self.model(email=email, **more)
        person.set_password(password)
        person.save(using=self._db)
        return person
    def create_superuser(self, email, password=None, **more):
        return self.create_user(email, password, is_staff=True, is_superuser=True, **more)

class Person(AbstractBaseUser, PermissionsMixin):
    key = models.UUIDField(primary_key=True, default=uuid.uuid4)
    email = models.EmailField(unique=True, max_length=254)
    is_staff = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    everybody = People()
    USERNAME_FIELD = "email"
"""
FOUR_EYES = """
import json
from django.test import Client
from django.test.utils import setup_test_environment
from django.urls import reverse
from people.models import Person
from workflows.errors import WorkflowError
from workflows.models import Approval, Event, WorkflowRun, WorkflowTemplate
from workflows.models.actor import Actor
from workflows.operations.approvals import approve
from workflows.operations.dispatch_ready import dispatch_ready
from workflows.runs.creation import create_run
setup_test_environment()
names = {names}
ada, ben = (Person.everybody.create_superuser(name, "secret") for name in names)
actors = [Actor.of(person, via="web") for person in (ada, ben)]
run = create_run(template_id=WorkflowTemplate.objects.get().pk, by=actors[0])
dispatch_ready(run.pk, by=actors[0])
approval = Approval.objects.get()
try:
    approve(approval.pk, by=actors[0])
    refused = ""
except WorkflowError as exc:
    refused = str(exc)
approve(approval.pk, by=actors[1])
approval.refresh_from_db()
run = WorkflowRun.objects.get()

def log_in(name, password):
    client = Client()
    sent = {{"username": name, "password": password}}
    return client, client.post("/admin/login/?next=/admin/", sent).status_code

client, welcome = log_in(names[0], "secret")
page = client.get(reverse("admin:workflows_workflowrun_change", args=[run.pk]))
print(json.dumps(dict(
    refused=refused,
    may=[actor.may("workflows.operate_workflowrun") for actor in actors],
    creator=[run.creator.name, run.created_by_user == str(ada.pk)],
    approver=[approval.decided_by, approval.decided_by_user == str(ben.pk)],
    actors=list(Event.objects.exclude(actor="").values_list("actor", flat=True)),
    logins=[welcome, log_in(names[0], "x")[1]],
    page=[page.status_code, names[0] in page.content.decode()],
)))
"""
TEMPLATE = """
name: gated
approver_must_differ: true
steps:
  - step_id: a
    title: A
    payload: {python: noop}
    requires_approval: true
"""
SETTINGS = """
AUTH_USER_MODEL = "people.Person"
DEFAULT_AUTO_FIELD = "django.db.models.AutoField"
"""


def test_people_with_addresses_as_names_and_uuids_as_keys_work(project: MakeProject) -> None:
    shop = project(SETTINGS)
    shop.add_app("people", MODELS)
    shop.install()
    shop.manage("makemigrations", "people")
    shop.manage("migrate")
    assert shop.check() == []
    assert "No changes detected" in shop.manage("makemigrations", "--check")
    (shop.folder / "gated.yaml").write_text(TEMPLATE)
    shop.manage("import_workflow", "gated.yaml")

    names = [LONG_NAME, "ben@example.org"]
    found = json.loads(shop.python(FOUR_EYES.format(names=names)).splitlines()[-1])

    assert "somebody else must decide" in found["refused"]
    assert found["may"] == [True, True]
    assert found["creator"] == [LONG_NAME, True]
    assert found["approver"] == ["ben@example.org", True]
    assert set(names) <= set(found["actors"])
    assert found["logins"] == [302, 200]
    assert found["page"] == [200, True]
    said = shop.manage("create_api_token", LONG_NAME)
    assert said.startswith(f"Token of {LONG_NAME}, good until ")
