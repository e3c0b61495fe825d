"""What GitHub and GitLab send, in short."""

import hashlib
import hmac
import json
from typing import Any

SECRET = "a secret between us"
SHA = "6113728f27ae82c7b1a177c8d03f9e96e0adf246"
REPOSITORY = {
    "id": 186853002,
    "name": "site",
    "full_name": "acme/site",
    "private": False,
    "owner": {"login": "acme", "id": 21031067, "type": "Organization"},
    "html_url": "https://github.com/acme/site",
    "default_branch": "main",
}
SENDER = {"login": "anna", "id": 21031068, "type": "User"}
COMMIT = {
    "id": SHA,
    "message": "Say {{ params.token }} and {% if %}\n\nin the docs",
    "timestamp": "2026-11-30T21:03:11+01:00",
    "author": {"name": "Anna", "email": "anna@example.org", "username": "anna"},
    "added": [],
    "removed": [],
    "modified": ["docs/index.md"],
}
GITHUB_PUSH: dict[str, Any] = {
    "ref": "refs/heads/main",
    "before": "0" * 40,
    "after": SHA,
    "created": False,
    "deleted": False,
    "forced": False,
    "repository": REPOSITORY,
    "pusher": {"name": "anna", "email": "anna@example.org"},
    "sender": SENDER,
    "commits": [COMMIT],
    "head_commit": COMMIT,
}
GITHUB_PING: dict[str, Any] = {
    "zen": "Keep it logically awesome.",
    "hook_id": 30,
    "hook": {"type": "Repository", "id": 30, "events": ["push"], "active": True},
    "repository": REPOSITORY,
    "sender": SENDER,
}
GITHUB_RELEASE: dict[str, Any] = {
    "action": "published",
    "release": {
        "id": 17372790,
        "tag_name": "v1.4.0",
        "target_commitish": "main",
        "name": None,
        "draft": False,
        "prerelease": False,
        "assets": [],
    },
    "repository": REPOSITORY,
    "sender": SENDER,
}
GITLAB_PUSH: dict[str, Any] = {
    "object_kind": "push",
    "event_name": "push",
    "before": "95790bf891e76fee5e1747ab589903a6a1f80f22",
    "after": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
    "ref": "refs/heads/main",
    "checkout_sha": "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
    "user_id": 4,
    "user_username": "anna",
    "project_id": 15,
    "project": {
        "id": 15,
        "name": "Site",
        "path_with_namespace": "acme/site",
        "default_branch": "main",
    },
    "commits": [],
    "total_commits_count": 4,
}


def signature(body: bytes, secret: str = SECRET) -> str:
    """Return the header X-Hub-Signature-256 of a body."""
    return f"sha256={hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()}"


def as_github(
    body: dict[str, Any], event: str = "push", number: str = "72d3162e-cc78-11e3-81ab-4c9367dc0958"
) -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers that GitHub sends."""
    content = json.dumps(body).encode()
    return content, {
        "User-Agent": "GitHub-Hookshot/044aadd",
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": number,
        "X-GitHub-Hook-ID": "292430182",
        "X-Hub-Signature-256": signature(content),
    }


def as_gitlab(body: dict[str, Any], number: str = "f5e5f430") -> tuple[bytes, dict[str, str]]:
    """Return the body and the headers that GitLab sends."""
    return json.dumps(body).encode(), {
        "X-Gitlab-Event": "Push Hook",
        "X-Gitlab-Token": SECRET,
        "X-Gitlab-Event-UUID": "13792a34-cac6-4fda-95a8-c58e00a3954e",
        "Idempotency-Key": number,
    }
