"""The databases that are compared, as the site answers on each of them in this process."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from benchmarks.clock import Clock
from benchmarks.scale.addresses import Address, all_addresses
from benchmarks.scale.samples import Samples

LONG_S = 3.0
"""What takes so long altogether is not repeated more often."""


@dataclass
class Answer:
    """What a page or a call cost."""

    status: int = 200
    seconds: list[float] = field(default_factory=list)
    statements: int = 0
    size: int = 0

    @property
    def ms(self) -> float:
        """The median, in milliseconds."""
        return 1e3 * median(self.seconds)


class Site:
    """The site on one database; one of them is in use at a time."""

    def __init__(self, name: str) -> None:
        """Remember the name of the database, on the server that Django knows."""
        self._name = name
        self.addresses: dict[str, Address] = {}

    def use(self) -> None:
        """Answer from this database from now on."""
        if connection.settings_dict["NAME"] != self._name:
            connection.close()
            connection.settings_dict["NAME"] = self._name

    def prepare(self, samples: Samples) -> None:
        """Find the addresses, and log somebody in."""
        user, _ = User.objects.get_or_create(username="scale", is_superuser=True, is_staff=True)
        self.client = Client(raise_request_exception=False)
        self.client.force_login(user)
        self.samples = samples
        self.addresses = {each.name: each for each in all_addresses(samples)}

    def get(self, name: str, *, times: int) -> Answer:
        """Ask for an address: once for its size and statements, then to measure the time."""
        self.use()
        answer = Answer()
        counting = Clock(counts=True)
        with counting:
            response = self._ask(name)
        answer.status, answer.size = response.status_code, len(_content(response))
        answer.statements = counting.statements
        if answer.status < 400:
            self._ask(name)
            repeat(lambda: _content(self._ask(name)), answer.seconds, times=times)
        return answer

    def _ask(self, name: str) -> Any:
        return self.client.get(self.addresses[name].path, SERVER_NAME="127.0.0.1")


def repeat(act: Callable[[], object], seconds: list[float], *, times: int) -> None:
    """Add how long an act takes each time."""
    while len(seconds) < times and sum(seconds) < LONG_S:
        began = time.perf_counter()
        act()
        seconds.append(time.perf_counter() - began)


def _content(response: Any) -> bytes:
    parts: Any = response.streaming_content if response.streaming else [response.content]
    return b"".join(parts)


def compare(sites: Sequence[Site], name: str, *, times: int) -> list[Answer | None]:
    """Ask the sites for the same address, one after the other."""
    return [site.get(name, times=times) if name in site.addresses else None for site in sites]
