"""
Static files that browsers keep: each version of them all has addresses of its own.

`collectstatic` is not needed: one digest of all files stands in the path, `/static/v-3f2a…/name`,
so that modules and style sheets find each other by relative addresses.
"""

import hashlib
import re
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.storage import StaticFilesStorage
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from whitenoise.middleware import WhiteNoiseMiddleware

VERSIONED = re.compile(r"v-(?P<version>[0-9a-f]{16})/(?P<name>.+)")
KEPT = "max-age=31536000, public, immutable"


@cache
def version() -> str:
    """Return the digest of all static files; they are read once in each process."""
    digest = hashlib.blake2b(digest_size=8)
    for finder in finders.get_finders():
        for name, storage in sorted(finder.list([]), key=lambda each: each[0]):
            with storage.open(name) as file:
                digest.update(f"{name}\0{file.size}\0".encode())
                digest.update(file.read())
    return digest.hexdigest()


class VersionedFiles(StaticFilesStorage):
    """Names the addresses of the present version, but for development."""

    def url(self, name: str | None) -> str:
        """Return the address of a file."""
        is_kept = name and not settings.DEBUG
        return super().url(f"v-{version()}/{name}" if is_kept else name)


class StaticFiles(WhiteNoiseMiddleware):  # type: ignore[misc]  # it has no types
    """
    Serves the addresses of each version; those of the present one may be kept for a year.

    Another version's are asked for while processes of two releases run: they get what is here.
    """

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Serve a file, or pass the request on."""
        found = VERSIONED.fullmatch(request.path_info.removeprefix(self.static_prefix))
        file = found and self._file(f"{self.static_prefix}{found['name']}")
        if not (found and file):
            return super().__call__(request)  # type: ignore[no-any-return]
        response = self.serve(file, request)
        response.headers["Cache-Control"] = KEPT if found["version"] == version() else "no-cache"
        return response  # type: ignore[no-any-return]

    def _file(self, path: str) -> Any:
        return self.find_file(path) if self.autorefresh else self.files.get(path)
