"""The WSGI entry point."""

import os
import sys

from django.core.wsgi import get_wsgi_application

from orchestrator.private_files import log_readable_files
from runners.functions import UnusableModule, load_functions
from runners.shielding import shield_process

WORKER_BOOT_ERROR = 3
"""The exit code after which gunicorn ends; after any other it starts the process again."""

shield_process()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
try:
    application = get_wsgi_application()
    load_functions()
except (SystemExit, UnusableModule) as exc:  # a wrong setting
    sys.stderr.write(f"{exc}\n")
    raise SystemExit(WORKER_BOOT_ERROR) from exc
log_readable_files()
