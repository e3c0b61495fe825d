"""Where hosts report: in the API, wherever the project has mounted it."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.urls import (
    NoReverseMatch,
    URLResolver,
    get_resolver,
    get_script_prefix,
    get_urlconf,
    reverse,
)
from django.utils import translation

from runners.conf import setting

API_URLS = "workflows.api.urls"
"""The URLconf that projects include; it stands above this package, and is found by its name."""
AT_THE_ROOT = "/runner/tasks/{}/status"


def callback_url(task_id: int) -> str:
    """Return the address to which the host of a task is told to report."""
    # Of the site's own language, if the API stands below one: any thread gets the same address.
    with translation.override(_language()):
        path = mounted_url("runner-callback", pk=task_id) or AT_THE_ROOT.format(task_id)
    # Requests know where a server has mounted the site; executors know it by this setting alone.
    root = (settings.FORCE_SCRIPT_NAME or "").rstrip("/")
    below = path.removeprefix(get_script_prefix()).lstrip("/")
    return f"{str(setting('PUBLIC_BASE_URL')).removesuffix(root)}{root}/{below}"


def _language() -> str:
    try:
        return translation.get_supported_language_variant(settings.LANGUAGE_CODE)
    except LookupError:
        return settings.LANGUAGE_CODE


def mounted_url(name: str, **parameters: Any) -> str | None:
    """Return the path of a view of the API; None if the project has not mounted the API."""
    # The URLs of a request, by its host name for example, may leave out what all others have.
    roots = (get_urlconf(), getattr(settings, "ROOT_URLCONF", None))
    for root in dict.fromkeys(filter(None, roots)):
        for mount in _mounts(root):
            # A prefix with parameters of the project's own has no one address.
            with suppress(NoReverseMatch):
                return reverse(f"{mount.namespace}{name}", root, kwargs=parameters)
    return None


def is_at_the_root() -> bool:
    """Return True if the API is mounted without a prefix, beside everything else."""
    return any(not mount.prefix for mount in _mounts(get_urlconf() or settings.ROOT_URLCONF))


class Mount(NamedTuple):
    """Where a URLconf includes the API."""

    prefix: str
    namespace: str
    """What stands before the names of its views, such as `shop:ops:`."""


@cache
def _mounts(root: str) -> tuple[Mount, ...]:
    return tuple(_found(get_resolver(root).url_patterns, Mount("", "")))


def _found(patterns: Any, above: Mount) -> Iterator[Mount]:
    for each in patterns:
        if isinstance(each, URLResolver):
            namespace = f"{each.namespace}:" if each.namespace else ""
            below = Mount(above.prefix + str(each.pattern), above.namespace + namespace)
            if _is_api(each.urlconf_name):
                yield below
            else:
                yield from _found(each.url_patterns, below)


def _is_api(included: Any) -> bool:
    """Return True for the module of the API's URLs, or the list in it."""
    module = sys.modules.get(API_URLS)
    return module is not None and (included is module or included is module.urlpatterns)
