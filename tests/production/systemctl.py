"""
What the production chapter needs of systemctl, where no systemd runs.

It starts a unit's command with the user, folder, settings and capabilities that the unit names: in
the background, or to its end if it is `oneshot`. Timers are read, and start nothing.
"""

import os
import pwd
import shlex
import subprocess
import sys
from configparser import ConfigParser
from pathlib import Path

UNITS = Path("/etc/systemd/system")


def unit(name: str) -> ConfigParser:
    """Read a unit."""
    path = UNITS / (name if "." in name else f"{name}.service")
    parser = ConfigParser(interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(path.read_text())
    return parser


def settings(path: str) -> dict[str, str]:
    """Read a file of settings as systemd does."""
    lines = [line for line in Path(path).read_text().splitlines() if line]
    return {
        name: "".join(shlex.split(value)) for name, _, value in (x.partition("=") for x in lines)
    }


def start(name: str) -> None:
    """Start a unit."""
    if name.endswith(".timer"):
        assert unit(name)["Timer"]["OnCalendar"]
        return
    service = unit(name)["Service"]
    user = pwd.getpwnam(service["User"])
    kept = [
        word.lower().removeprefix("cap_") for word in service.get("AmbientCapabilities", "").split()
    ]
    capabilities = ",".join(f"+{word}" for word in kept)
    given = [f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}"] if kept else []
    became = ["--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--init-groups"]
    environment = {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "HOME": user.pw_dir,
        "USER": user.pw_name,
        "LOGNAME": user.pw_name,
        **settings(service["EnvironmentFile"]),
    }
    process = subprocess.Popen(
        ["/usr/bin/setpriv", *became, *given, *shlex.split(service["ExecStart"])],
        cwd=service["WorkingDirectory"],
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    if service["Type"] == "oneshot" and process.wait():
        sys.exit(1)


def main(verb: str, *words: str) -> None:
    """Run the command line."""
    names = [word for word in words if not word.startswith("-")]
    assert verb in {"daemon-reload", "enable", "start"}, verb
    for name in names:
        start(name)


if __name__ == "__main__":
    os.umask(0o022)
    main(*sys.argv[1:])
