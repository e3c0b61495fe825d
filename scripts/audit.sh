#!/bin/sh
# Report known vulnerabilities of the installed packages, or that the index cannot be reached.
set -eu
index_works='import django, urllib.request
urllib.request.urlopen(f"https://pypi.org/pypi/django/{django.__version__}/json", timeout=5)'
if ! .venv/bin/python -c "$index_works" 2>/dev/null; then
    echo "No audit: no index that knows of vulnerabilities can be asked about these versions."
    exit 0
fi
# In its own environment, so that its packages are not audited too.
.venv/bin/python -m venv var/audit
var/audit/bin/pip install --quiet pip-audit==2.10.1
var/audit/bin/pip-audit --progress-spinner off \
    --path "$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')"
