"""Who calls, as far as calls are counted, and the answer to those who have called too often."""

import ipaddress
from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from rest_framework.exceptions import Throttled
from rest_framework.request import Request

from runners.conf import setting
from workflows import throttles

IPV6_NETWORK = 64
"""Bits of an IPv6 address that count: a client has all the addresses that share them."""


def address_of(request: Request | HttpRequest) -> str:
    """Return the address that sent a request; of IPv6, the network that its sender has."""
    said = _said(request)
    try:
        address = ipaddress.ip_address(said)
    except ValueError:  # a proxy that writes something else, or a socket that has no address
        return said
    if not isinstance(address, ipaddress.IPv6Address):
        return said
    network = ipaddress.ip_network((int(address), IPV6_NETWORK), strict=False)
    return str(address.ipv4_mapped or network)


def _said(request: Request | HttpRequest) -> str:
    """Return the address that the outermost of our own proxies saw; callers can forge the rest."""
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR")
    proxies: int = setting("NUM_PROXIES")
    if not (proxies and forwarded):
        return str(request.META.get("REMOTE_ADDR") or "")
    addresses = str(forwarded).split(",")
    return addresses[-min(proxies, len(addresses))].strip()


@contextmanager
def answered_429(detail: str) -> Iterator[None]:
    """Answer 429 with `Retry-After` if there were too many of what this block counts."""
    try:
        yield
    except throttles.Throttled as exc:
        raise Throttled(exc.wait_s, detail) from None
