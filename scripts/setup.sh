#!/bin/sh
# Create .venv unless it works already, and install a list of packages: setup.sh PYTHON LIST
set -eu
python=$1
list=$2

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
    echo "Python 3.11 or newer is required; name one: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
fi
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    echo "Creating a virtual environment in .venv with $("$python" --version)"
    "$python" -m venv --clear .venv
fi
echo "Installing $list into .venv"
.venv/bin/python -m pip install -qq --disable-pip-version-check --requirement "$list"
touch ".venv/${list%.txt}.installed"
