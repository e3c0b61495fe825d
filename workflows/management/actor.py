"""Who acts, when a command does."""

import os
import pwd


def command_actor() -> str:
    """Return the operating system's user of this process, not what its environment claims."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # containers run under numbers that have no name
        name = f"uid {uid}"
    return f"command line ({name})"
