"""The whole suite on both databases: `python -m scripts.test [ARGUMENTS OF PYTEST]`."""

import os
import subprocess
import sys
from collections.abc import Sequence

PYTEST = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "worksteal", "--maxfail", "25"]
ON_POSTGRES = [sys.executable, "-m", "tests.support.postgres"]
# Settings of an installation say nothing about the tests.
SETTINGS = {
    "DATABASE_URL",
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "PUBLIC_BASE_URL",
    "CELERY_BROKER_URL",
    "PROXIES",
}


def run(command: Sequence[str]) -> tuple[int, str]:
    """Run a command, passing on what it prints; return its exit code and its last line."""
    last = ""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # noqa: S101 (it is a pipe)
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip(" =\n") or last
    return process.returncode, last


def main(arguments: list[str]) -> int:
    """Run both suites, whatever becomes of the first, and sum up."""
    if sys.stdout.isatty():
        arguments = ["--color=yes", *arguments]
    codes, summary = [], []
    for name, prefix in (("SQLite", []), ("PostgreSQL", ON_POSTGRES)):
        print(f"== The suite on {name}", flush=True)
        code, last = run([*prefix, *PYTEST, *arguments])
        codes.append(code)
        summary.append(f"{name}: {last}")
    print("\n" + "\n".join(summary))
    return int(any(codes))


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
