"""The files of registered functions, and which of them have changed since they were loaded."""

import os
import sys
from collections.abc import Iterator

from runners.django_tasks import task_files
from runners.functions import function_modules


class FunctionFiles:
    """The files of modules with functions or tasks, and of the packages of the former."""

    def __init__(self) -> None:
        """Remember when they were changed last."""
        self._known = dict(_changes())

    def changed(self) -> list[str]:
        """Return the files that have changed since the last time; each change is told once."""
        before, self._known = self._known, dict(_changes())
        return sorted(path for path, at in self._known.items() if before.get(path, at) != at)


def _changes() -> Iterator[tuple[str, int]]:
    for path in {*_loaded_files(), *task_files()}:
        try:
            yield path, os.stat(path).st_mtime_ns
        except OSError:  # an editor is just replacing it
            yield path, 0


def _loaded_files() -> Iterator[str]:
    packages = {name.partition(".")[0] for name in function_modules()}
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if path and name.partition(".")[0] in packages:
            yield path
