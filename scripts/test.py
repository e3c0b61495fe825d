"""
The whole suite on both databases, or the quick part of it on SQLite.

`python -m scripts.test [--quick] [ARGUMENTS OF PYTEST]`
"""

import os
import subprocess
import sys
from collections.abc import Sequence

PYTEST = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "worksteal", "--maxfail", "25"]
# Left out of the quick part: they start browsers, servers or processes, or replay whole runs.
SLOW_FOLDERS = (
    "audit",
    "benchmarks",
    "browser",
    "chaos",
    "contract",
    "examples",
    "execution",
    "faults",
    "fuzz",
    "management",
    "oracle",
    "runners",
    "third_party_clients",
    "upgrades",
)
# Loading schemathesis takes more than a second in each process; only tests/fuzz needs it.
WITHOUT_SCHEMATHESIS = ["-p", "no:schemathesis"]
QUICK = [
    *("-n", "2", "-m", "not slow", *WITHOUT_SCHEMATHESIS),
    *(f"--ignore=tests/{folder}" for folder in SLOW_FOLDERS),
]
ON_POSTGRES = [sys.executable, "-m", "tests.support.postgres"]
# Not passed on to the tests: the settings of an installation, and what keeps the many processes
# that they start from using compiled files.
SETTINGS = {
    "PYTHONDONTWRITEBYTECODE",
    "DATABASE_URL",
    "SECRET_KEY",
    "DEBUG",
    "ALLOWED_HOSTS",
    "PUBLIC_BASE_URL",
    "CELERY_BROKER_URL",
    "PROXIES",
}


def run(command: Sequence[str]) -> tuple[int, str]:
    """Run a command and print its output; return its exit code and its last line."""
    last = ""
    environment = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout  # noqa: S101 (it is a pipe)
        for line in process.stdout:
            print(line, end="", flush=True)
            last = line.strip(" =\n") or last
    return process.returncode, last


def main(arguments: list[str]) -> int:
    """Run the suite on both databases, even if it fails on the first, and print a summary."""
    if sys.stdout.isatty():
        arguments = ["--color=yes", *arguments]
    if "--quick" in arguments:
        arguments.remove("--quick")
        return run([*PYTEST, *QUICK, *arguments])[0]
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
