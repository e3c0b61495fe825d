"""
How large requests may be: one table for all paths, as they stand below where the API is mounted.

A stranger gets far enough to log in, and no further: `workflows.api` refuses, before anything of it
is read, a body that is larger than what its path takes from those who are not logged
in, or from anybody.
"""

import re
from typing import NamedTuple

KB, MB = 2**10, 2**20
API = "workflow-templates|workflow-runs|tasks|approvals|events|runners"
MOST_ITEMS = 200_000
"""How many values JSON or a template may consist of: one of 10,000 steps has some 100,000."""


class BodyLimit(NamedTuple):
    """How many bytes the paths take that match."""

    paths: re.Pattern[str]
    anonymous: int
    """Bytes, from those who are not logged in."""
    logged_in: int
    """Bytes, from anybody."""


# Of the API, bodies of strangers are not read: its views find out first who calls. That of a
# callback checks the token first.
CALLBACKS = BodyLimit(re.compile(r"/runner/tasks/\d+/status"), 64 * MB, 64 * MB)
# A template of 10,000 steps, or a run with large parameters.
BODIES = BodyLimit(re.compile(rf"/({API})(/.*)?"), 16 * MB, 16 * MB)
LIMITS = (
    CALLBACKS,
    BODIES,
)
# Pages of the admin find out later: Django looks for a CSRF token in the body.
PAGES = BodyLimit(re.compile(""), 64 * KB, 16 * MB)
ELSEWHERE = BodyLimit(re.compile(".*"), 64 * KB, 64 * KB)


def limit_of(path: str) -> BodyLimit:
    """Return what a path takes."""
    return next((limit for limit in LIMITS if limit.paths.fullmatch(path)), ELSEWHERE)
