"""How large deliveries may be."""

import re

from workflows.limits import KB, BodyLimit

HOOKS = BodyLimit(re.compile(r"/hooks/[^/]+"), 256 * KB, 256 * KB)
