"""The actor of management commands."""

import os
import pwd

from workflows.models.actor import Actor


def command_actor() -> Actor:
    """Return the operating system's user of this process; environment variables do not count."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:  # containers often run as a uid without a name
        name = f"uid {uid}"
    return Actor(name=f"command line ({name})", via="command")
