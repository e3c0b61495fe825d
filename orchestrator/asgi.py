"""The ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

from orchestrator.private_files import log_readable_files
from runners.functions import load_functions
from runners.shielding import shield_process

shield_process()
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "orchestrator.settings")
application = get_asgi_application()
load_functions()
log_readable_files()
