"""Who acts, when a command does."""

import os
import pwd

from workflows.models.actor import Actor


def command_actor() -> Actor:
    """Return the operating system's user of this process, not what its environment claims."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # containers run under numbers that have no name
        name = f"uid {uid}"
    return Actor(name=f"command line ({name})", via="command")
