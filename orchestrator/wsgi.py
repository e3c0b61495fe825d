"""The WSGI entry point."""

import os

from django.core.wsgi import get_wsgi_application

from orchestrator.private_files import log_readable_files
from runners.shielding import shield_process

shield_process()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
application = get_wsgi_application()
log_readable_files()
