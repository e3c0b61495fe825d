"""Git repositories for the examples that work on one."""

import os
import subprocess
from pathlib import Path


def git(checkout: Path, *arguments: str) -> str:
    """Run git in a repository; return what it prints."""
    who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"]
    done = subprocess.run(
        ["git", "-C", str(checkout), *who, *arguments],
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def commit(checkout: Path, message: str, **files: str) -> str:
    """Commit these files; return the commit. The first one makes the repository."""
    checkout.mkdir(exist_ok=True)
    if not (checkout / ".git").exists():
        git(checkout, "init", "--quiet", "--initial-branch=main")
    for name, text in files.items():
        (checkout / name).write_text(text)
    git(checkout, "add", "--all")
    git(checkout, "commit", "--quiet", "--message", message)
    return git(checkout, "rev-parse", "HEAD")
