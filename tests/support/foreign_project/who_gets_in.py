"""Who gets into the API of a project without tokens; each answer is printed as a line of JSON."""

import base64
import json

import django
from django.core.management import call_command


def main() -> None:
    """Print the statuses."""
    django.setup()
    call_command("migrate", verbosity=0)
    from django.contrib.auth.models import User
    from django.test import Client

    client = Client()
    client.force_login(User.objects.create_superuser("alice", password="x"))
    headers = {
        "anonymous": "",
        "token": f"Token {'x' * 64}",
        "password": f"Basic {base64.b64encode(b'alice:x').decode()}",
        "wrong password": f"Basic {base64.b64encode(b'alice:y').decode()}",
    }
    asked = {
        name: Client().get("/ops/tasks", headers={"authorization": header} if header else {})
        for name, header in headers.items()
    }
    print(json.dumps(["sentence", asked["anonymous"].json()["detail"]]))  # noqa: T201
    asked["session"] = client.get("/ops/tasks")
    for name, answer in asked.items():
        print(json.dumps([name, [answer.status_code, answer.get("WWW-Authenticate")]]))  # noqa: T201
    document = client.get("/ops/schema")
    schemes = sorted(document.json()["components"]["securitySchemes"])
    print(json.dumps(["schemes of the document", [document.status_code, schemes]]))  # noqa: T201


if __name__ == "__main__":
    main()
