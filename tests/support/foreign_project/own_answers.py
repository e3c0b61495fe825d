"""
What a foreign project answers at its own paths, with our apps and without them.

`python -m tests.support.foreign_project.own_answers` prints each answer as a line of JSON.
"""

import json
import re

import django
from django.apps import apps
from django.core.management import call_command

OURS = ("/ops/healthz", "/ops/tasks", "/ops/schema", "/ops/nothing")
PATHS = (
    "/api/things",
    "/api/things?name=x&limit=1&page=2",
    "/api/missing",
    "/api/schema",
    "/api/nothing",
    "/nothing",
    "/secret-admin/login/",
    "/api/things",
)
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="\w+"')


def main() -> None:
    """Print the answers; ours are asked for between them, so that they might change something."""
    django.setup()
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client(raise_request_exception=False)
    own = Client(raise_request_exception=False)
    own.force_login(User.objects.create_superuser("alice"))
    for path in PATHS:
        for ours in OURS if apps.is_installed("workflows") else ():
            own.get(ours)
        for method in ("get", "post", "options"):
            answer = getattr(client, method)(path)
            text = TOKEN.sub("", answer.content.decode())
            headers = {name: text for name, text in answer.headers.items() if name != "Expires"}
            print(json.dumps([method, path, answer.status_code, headers, text]))  # noqa: T201


if __name__ == "__main__":
    main()
