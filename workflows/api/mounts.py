"""The pattern of all paths below the prefix of the API at which there is nothing."""

from typing import Any

from django.urls.resolvers import RegexPattern

from runners.callbacks import is_at_the_root


class BelowPrefix(RegexPattern):
    """Matches any path, unless the API has no prefix: there, others are the project's."""

    def __init__(self) -> None:
        """Match whatever nothing before it has matched."""
        super().__init__("^")

    def match(self, path: str) -> Any:
        """Return a match below a prefix."""
        return None if is_at_the_root() else super().match(path)
