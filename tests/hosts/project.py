"""A Django project as others have it: made by `startproject`, in an environment of its own."""

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from psycopg.conninfo import conninfo_to_dict

START_WITHIN_S = 30
ENDS_WITHIN_S = 20
FILES = Path(__file__).parent / "files"
"""The app `shop`, and a script that looks at the project."""
PASSWORD = "lovelace-1843"


@dataclass
class Project:
    """A project in a folder, and the Python that has what it needs."""

    folder: Path
    python: Path
    database_url: str
    environment: dict[str, str] = field(default_factory=dict)
    url: str = field(default_factory=lambda: f"http://127.0.0.1:{free_port()}")
    """Where the site is served."""

    def __post_init__(self) -> None:
        """Keep away what this checkout and its tests have set."""
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**kept, "DJANGO_SETTINGS_MODULE": "site_of_shop.settings"}

    def start(self) -> None:
        """Make the project and its app `shop`."""
        self._run("-m", "django", "startproject", "site_of_shop", str(self.folder), django=False)
        leave = shutil.ignore_patterns("__pycache__")
        shutil.copytree(FILES, self.folder, ignore=leave, dirs_exist_ok=True)
        self.append("settings.py", 'INSTALLED_APPS += ["shop"]\nALLOWED_HOSTS = ["*"]\n')
        self.append("settings.py", database_lines(self.database_url))

    def append(self, file: str, text: str) -> None:
        """Add lines to a file of the project."""
        path = self.folder / "site_of_shop" / file
        path.write_text((path.read_text() if path.exists() else "") + f"\n{text}")

    def manage(self, *words: str, more: dict[str, str] | None = None) -> str:
        """Run a command that must succeed; return what it prints."""
        return self._run("manage.py", *words, more=more)

    def look(self, *words: str) -> str:
        """Look at the project; return what is seen, as JSON."""
        # django-unfold writes classes in the order of a set.
        return self._run("look.py", *words, more={"PYTHONHASHSEED": "0"})

    def _run(self, *words: str, more: dict[str, str] | None = None, django: bool = True) -> str:
        environment = {**self.environment, **(more or {})}
        if not django:
            del environment["DJANGO_SETTINGS_MODULE"]
        done = subprocess.run(
            [self.python, *words],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def served(self) -> Iterator[str]:
        """Serve the site until the block ends; yield its address."""
        serve = ("manage.py", "runserver", "--noreload", urlsplit(self.url).netloc)
        with self.process(*serve) as process:
            until = time.monotonic() + START_WITHIN_S
            while not _answers(self.url):
                assert process.poll() is None, "the site did not start"
                assert time.monotonic() < until, "the site does not answer"
                time.sleep(0.1)
            yield self.url

    @contextmanager
    def process(self, *words: str) -> Iterator["subprocess.Popen[bytes]"]:
        """Keep a process of the project running until the block ends."""
        with (self.folder / "output.txt").open("ab") as output:
            process = subprocess.Popen(
                [self.python, *words],
                cwd=self.folder,
                env=self.environment,
                stdout=output,
                stderr=output,
            )
            try:
                yield process
            finally:
                process.terminate()
                process.wait(ENDS_WITHIN_S)


def database_lines(url: str) -> str:
    """Return the setting of a database on PostgreSQL; what `startproject` wrote stands else."""
    if url.startswith("sqlite"):
        return ""
    parts = conninfo_to_dict(url)
    settings = {"ENGINE": "django.db.backends.postgresql", "NAME": parts["dbname"]}
    settings |= {key.upper(): parts.get(key) or "" for key in ("user", "password", "host", "port")}
    return f"DATABASES = {{'default': {settings}}}\n"


def free_port() -> int:
    """Return a port that nobody listens to."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        httpx.get(url)
    except httpx.TransportError:
        return False
    return True
