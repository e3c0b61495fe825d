"""Another user as whom the slots of an executor execute what authors have written."""

import ctypes
import grp
import os
import pwd
import sys
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

UMASK = 0o022
NEEDED_CAPABILITIES = 1 << 5 | 1 << 6 | 1 << 7
"""CAP_KILL, CAP_SETGID and CAP_SETUID: root has them, or a service to which they are given."""
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_CLEAR_ALL = 4
CAPABILITY_VERSION = 0x20080522


class RunAsRefused(Exception):
    """The slots cannot be run as that user; the message says why."""


@dataclass(frozen=True, slots=True)
class Account:
    """A user with a group, and what a login would set."""

    name: str
    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str
    shell: str

    @classmethod
    def named(cls, text: str) -> "Account":
        """
        Return the account of `USER` or `USER:GROUP`.

        :raises RunAsRefused: if there is none, or this process may not become another user.
        """
        user, _, group = text.partition(":")
        try:
            entry = pwd.getpwnam(user)
        except (KeyError, ValueError):
            raise RunAsRefused(f"there is no user '{user}'") from None
        try:
            gid = grp.getgrnam(group).gr_gid if group else entry.pw_gid
        except (KeyError, ValueError):
            raise RunAsRefused(f"there is no group '{group}'") from None
        if not _may_become_others():
            raise RunAsRefused("it needs root, or CAP_KILL, CAP_SETGID and CAP_SETUID")
        groups = tuple(os.getgrouplist(entry.pw_name, gid))
        return cls(entry.pw_name, entry.pw_uid, gid, groups, entry.pw_dir, entry.pw_shell)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Account":
        """Return the account that another process has described with `as_json`."""
        return cls(**{**data, "groups": tuple(data["groups"])})

    def as_json(self) -> dict[str, Any]:
        """Return it for `from_json`, in another process."""
        return asdict(self)

    @property
    def environment(self) -> dict[str, str]:
        """The variables that differ between users."""
        return {
            "HOME": self.home,
            "LOGNAME": self.name,
            "SHELL": self.shell,
            "USER": self.name,
        }

    def become(self) -> None:
        """Become this user for good."""
        os.setgroups(self.groups)
        os.setresgid(self.gid, self.gid, self.gid)
        os.setresuid(self.uid, self.uid, self.uid)
        _drop_capabilities()
        os.umask(UMASK)
        os.environ.update(self.environment)


class _Present:
    account: Account | None = None


def use_account(account: Account) -> None:
    """Let all slots that are started from now on execute as this user."""
    _Present.account = account


def present_account() -> Account | None:
    """Return the user as whom slots execute; None: as that of this process."""
    return _Present.account


def _may_become_others() -> bool:
    with suppress(OSError, ValueError):
        status = Path("/proc/self/status").read_bytes()
        effective = int(status.partition(b"CapEff:")[2].split(None, 1)[0], 16)
        return effective & NEEDED_CAPABILITIES == NEEDED_CAPABILITIES
    return os.geteuid() == 0


def _drop_capabilities() -> None:
    """Drop what a service was given, too: only of root, the kernel takes it with the change."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    if libc.capset(header, (ctypes.c_uint32 * 6)()):
        raise OSError("the capabilities of the service cannot be dropped")
