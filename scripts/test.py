"""
The whole suite on both databases, or the quick part of it on SQLite.

`python -m scripts.test [--quick] [ARGUMENTS OF PYTEST]`
"""

import os
import subprocess
import sys
from collections.abc import Sequence

# Tests wait for processes and pages half of the time: two workers keep a core busy.
WORKERS = min(8, 2 * (os.cpu_count() or 1))
PYTEST = [sys.executable, "-m", "pytest", "-n", str(WORKERS), *("--dist", "worksteal")]
PYTEST += ["--maxfail", "25"]
# Left out of the quick part: they start browsers, servers or processes, or replay whole runs.
SLOW_FOLDERS = (
    "audit",
    "benchmarks",
    "browser",
    "chaos",
    "contract",
    "doors",
    "examples",
    "execution",
    "faults",
    "fuzz",
    "management",
    "oracle",
    "packaging",
    "pooling",
    "production",
    "runners",
    "storms",
    "third_party_clients",
    "upgrades",
)
# What is the same on every database is tested on one. Everything else runs on both: whatever reads
# or writes rows in a way in which the databases may differ.
ONLY_ON_SQLITE = (
    # The code itself, pages in a browser, what reads files or texts alone, and refused requests.
    "admin/test_bytes.py",
    "admin/test_markup.py",
    "admin/test_observers.py",
    "api/foreign/test_answers.py",
    "api/test_descriptions.py",
    "api/test_document.py",
    "authoring/test_diff.py",
    "authoring/test_notation.py",
    "benchmarks/test_peers.py",
    "benchmarks/test_publishing.py",
    "browser",
    "conventions",
    "db/test_refusals_of_sqlite.py",
    "embedded/test_checks.py",
    "examples/test_agent.py",
    "examples/test_examples.py",
    "examples/test_nightly_export.py",
    "examples/test_release.py",
    "examples/test_release_with_approval.py",
    "examples/test_your_code.py",
    "fuzz/test_document.py",
    "fuzz/test_files.py",
    "fuzz/test_expressions.py",
    "fuzz/test_templates.py",
    "gates/test_table.py",
    "gates/test_walks.py",
    "javascript",
    "logs",
    "management/test_function_modules.py",
    "management/test_logs.py",
    "management/test_quiet_run.py",
    "management/test_run_workflow.py",
    "management/test_unusable_database.py",
    "messages",
    "packaging",
    "pages",
    "payloads/test_patterns.py",
    "payloads/test_secrets.py",
    "payloads/test_validation_budget.py",
    "runners/http/test_certificates.py",
    "runners/slots",
    "runners/test_bodies.py",
    "test_checks.py",
    "test_graph.py",
    "upgrades/test_groups.py",
    # The process tree of an attempt: what ends, what is left, what is read of its output.
    "management/test_run_as.py",
    "execution/test_isolation.py",
    "execution/test_tails.py",
    "execution/test_trees.py",
)
ONLY_ON_POSTGRESQL = (
    # Row locks, time limits and errors of PostgreSQL.
    "admin/test_unavailable.py",
    "api/test_locked_runs.py",
    "db/test_refusals.py",
    "db/test_time_limits.py",
    "lists",
    # Many processes at once, as in an installation.
    "benchmarks/test_workloads.py",
    "benchmarks/test_load.py",
    "chaos",
    "contract",
    "doors",
    "embedded/test_atomic_requests.py",
    "faults/test_site.py",
    "management/test_local_runner_trees.py",
    "management/test_long_logs.py",
    "management/test_showing.py",
    "pooling",
    "production",
    "runners/celery",
    "storms",
    "third_party_clients",
)
# Beside others on a busy machine, what waits for processes and pages may wait in vain. It counts if
# it fails alone, too; that it failed is printed either way.
ALONE = [sys.executable, "-m", "pytest", "--last-failed", "--last-failed-no-failures", "none"]
SOME_FAILED = 1
NO_TESTS = 5
"""The exit codes of pytest if tests failed, and if none was selected."""
# Loading schemathesis takes more than a second in each process; only tests/fuzz needs it.
WITHOUT_SCHEMATHESIS = ["-p", "no:schemathesis"]


def without(*paths: str) -> list[str]:
    """Return the arguments that leave out folders and files of tests."""
    return [f"--ignore=tests/{path}" for path in paths]


QUICK = ["-n", "2", "-m", "not slow", *WITHOUT_SCHEMATHESIS, *without(*SLOW_FOLDERS)]
ON_POSTGRES = [sys.executable, "-m", "tests.support.postgres"]
# Not passed on to the tests: the settings of an installation, and what keeps the many processes
# that they start from using compiled files.
SETTINGS = {
    "PYTHONDONTWRITEBYTECODE",
    "DATABASE_URL",
    "SECRET_KEY",
    "SECRETS_KEYS",
    "DEBUG",
    "ALLOWED_HOSTS",
    "PUBLIC_BASE_URL",
    "CELERY_BROKER_URL",
    "PROXIES",
    "LOG_LEVEL",
    "LOG_FORMAT",
    "KEEP_RUNS_DAYS",
    "KEEP_LOGS_DAYS",
    "KEEP_SECRETS_DAYS",
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


def run_on(name: str, prefix: list[str], arguments: list[str]) -> tuple[int, list[str]]:
    """Run the suite on a database, and what failed again; return the code, and how each ended."""
    print(f"== The suite on {name}", flush=True)
    code, last = run([*prefix, *PYTEST, *arguments])
    if code != SOME_FAILED:
        return code, [f"{name}: {last}"]
    print(f"== What failed on {name}, again and alone", flush=True)
    again, alone = run([*prefix, *ALONE, *arguments])
    return again and SOME_FAILED, [f"{name}: {last}", f"{name}, again and alone: {alone}"]


def main(arguments: list[str]) -> int:
    """Run the suite on both databases, even if it fails on the first, and print a summary."""
    if sys.stdout.isatty():
        arguments = ["--color=yes", *arguments]
    if "--quick" in arguments:
        arguments.remove("--quick")
        return run([*PYTEST, *QUICK, *arguments])[0]
    codes, summary = set(), []
    for name, prefix, elsewhere in (
        ("SQLite", [], ONLY_ON_POSTGRESQL),
        ("PostgreSQL", ON_POSTGRES, ONLY_ON_SQLITE),
    ):
        code, lines = run_on(name, prefix, [*without(*elsewhere), *arguments])
        codes.add(code)
        summary += lines
    print("\n" + "\n".join(summary))
    # The tests that were asked for may all be among those of one database.
    return int(not codes <= {0, NO_TESTS} or 0 not in codes)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit(130)
