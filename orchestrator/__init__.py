"""The Django project: settings, URLs and entry points."""

from workflows import __version__

__all__ = ["__version__"]
