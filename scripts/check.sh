#!/bin/sh
# Everything that can be checked without running the tests; stops at the first failure.
set -eu
export PATH="$PWD/.venv/bin:$PWD/node_modules/.bin:$PATH"
step() { echo "== $*"; "$@"; }

step python -m ruff check .
step python -m ruff format --check .
step python -m mypy .
step python -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'
step hadolint --failure-threshold warning Dockerfile
step biome check --error-on-warnings
step python manage.py makemigrations --check --dry-run
step python manage.py check --fail-level WARNING
step env DEBUG=off SECRET_KEY="$(python -c "import secrets; print(secrets.token_urlsafe(50))")" \
    DATABASE_URL="${DATABASE_URL:-sqlite:///db.sqlite3}" \
    PUBLIC_BASE_URL=https://orchestrator.example.org python manage.py check --deploy --fail-level WARNING
