"""What a command can read of the processes above it: nothing, whoever the user is."""

import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

SECRETS = {
    "SECRET_KEY": "hunter2-key",
    "DATABASE_URL": "sqlite:////tmp/hunter2.sqlite3",
    "CELERY_BROKER_URL": "redis://:hunter2@localhost/0",
    "DEPLOY_TOKEN": "hunter2-token",
}
SPY = """
pid=$PPID
for name in slot server executor; do
    for what in environ mem maps fd/0 cwd/x; do
        if head -c 100 /proc/$pid/$what >/dev/null 2>&1; then echo "$name $what is readable"; fi
    done
    ls /proc/$pid/fd >/dev/null 2>&1 && echo "$name fd is readable"
    tr '\\0' '\\n' < /proc/$pid/environ 2>/dev/null | grep hunter2
    pid=$(cut -d' ' -f4 /proc/$pid/stat)
    echo "parent $pid"
done
head -c 10 /proc/self/environ >/dev/null && echo "own is readable"
ulimit -c
"""
CAPABILITIES = "+kill,+setuid,+setgid"

ROOT = Path(__file__).resolve().parents[3]
PYTHONS = (sys.executable, "/usr/bin/python{}.{}".format(*sys.version_info))
"""The first that everybody may execute is taken: that of a developer is often in their home."""


def public_python() -> str:
    """Return an interpreter that other users can execute; none if there is none, or no setpriv."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return ""
    nobody = pwd.getpwnam("nobody").pw_uid
    return next((python for python in PYTHONS if _may_execute(nobody, python)), "")


def _may_execute(uid: int, program: str) -> bool:
    try:
        return not subprocess.run([program, "-c", ""], user=uid, check=False).returncode
    except OSError:
        return False


PYTHON = public_python()
needs_root = pytest.mark.skipif(
    not PYTHON, reason="needs root, setpriv, and a Python that other users may execute"
)


FOR_PYTHON = {
    "PYTHONDONTWRITEBYTECODE": "1",
    "PYTHONPATH": os.pathsep.join([str(ROOT), sysconfig.get_path("purelib")]),
}


def one_job(*arguments: str, by: str = "nobody", capabilities: str = "") -> str:
    """Execute a job by an executor of this user; return what is printed."""
    entry = pwd.getpwnam(by)
    given = [f"--inh-caps={capabilities}", f"--ambient-caps={capabilities}"] if capabilities else []
    user = ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
    ended = subprocess.run(
        [*user, *given, PYTHON, "-m", "tests.support.one_job", *arguments],
        env={**os.environ, **SECRETS, **FOR_PYTHON},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert not ended.returncode, ended.stderr
    return ended.stdout


@needs_root
def test_command_cannot_look_into_the_processes_of_its_own_user() -> None:
    output = one_job("sh", "-c", SPY)

    assert output.count("parent") == 3
    assert "slot" not in output
    assert "server" not in output
    assert "executor" not in output
    assert "hunter2" not in output
    assert "own is readable" in output


@needs_root
def test_program_that_a_function_starts_inherits_no_secret_of_the_installation() -> None:
    assert "'names': []" in one_job("tests.own_settings")


@needs_root
@pytest.mark.parametrize(("by", "capabilities"), [("root", ""), ("daemon", CAPABILITIES)])
def test_command_runs_as_another_user_without_privileges(by: str, capabilities: str) -> None:
    script = (
        "id -un; id -Gn; echo $HOME $USER $LOGNAME; umask; grep CapEff /proc/self/status;"
        "echo to stderr > /dev/stderr; echo to stdout > /dev/stdout; kill -0 $PPID && echo slot;"
        "kill -0 $(cut -d' ' -f4 /proc/$PPID/stat) || echo not the server"
    )

    output = one_job("--run-as", "nobody", "sh", "-c", script, by=by, capabilities=capabilities)

    home = pwd.getpwnam("nobody").pw_dir
    assert output.splitlines()[:6] == [
        "nobody",
        "nogroup",
        f"{home} nobody nobody",
        "0022",
        "CapEff:\t0000000000000000",
        "to stderr",
    ]
    assert "to stdout" in output
    assert "not the server" in output


@needs_root
def test_command_of_another_user_cannot_look_into_the_processes_above_it() -> None:
    output = one_job("--run-as", "nobody", "sh", "-c", SPY, by="root")
    assert "hunter2" not in output
    assert "slot" not in output


@needs_root
def test_function_runs_as_the_other_user() -> None:
    output = one_job("--run-as", "nobody:daemon", "tests.own_settings", by="root")
    assert f"'uid': {pwd.getpwnam('nobody').pw_uid}" in output


@needs_root
@pytest.mark.parametrize(
    ("user", "by", "why"),
    [
        ("nobody", "daemon", "it needs root, or CAP_KILL, CAP_SETGID and CAP_SETUID"),
        ("no-such-user", "root", "there is no user 'no-such-user'"),
        ("nobody:no-group", "root", "there is no group 'no-group'"),
    ],
)
def test_refusal_is_one_line(user: str, by: str, why: str) -> None:
    with pytest.raises(AssertionError, match=f"RunAsRefused: {why}"):
        one_job("--run-as", user, "true", by=by)
