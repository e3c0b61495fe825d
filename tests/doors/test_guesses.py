"""Guesses of passwords share one limit, however many processes serve the site."""

from base64 import b64encode
from collections import Counter

import pytest
from django.conf import settings
from django.contrib.auth.models import User

from tests.doors.site import head, request, running_site, status_of
from tests.support.threads import at_once


@pytest.mark.django_db(transaction=True)
def test_guesses_at_several_processes_share_the_limit() -> None:
    User.objects.create_user("alice", password="swordfish")
    most = settings.FAILED_LOGINS["per_user"]
    wrong = b64encode(b"alice:wrong").decode()

    with running_site("--workers", "3", "--threads", "4") as site:

        def guess() -> int:
            asked = head("GET", "/tasks", authorization=f"Basic {wrong}")
            return status_of(request(site.port, asked))

        answers = Counter(at_once([guess] * (most + 8)))

    assert answers == {401: most, 429: 8}
