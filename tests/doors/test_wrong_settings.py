"""gunicorn with a wrong setting ends, and says which one."""

import subprocess
import sys

from tests.doors.site import ROOT, START_WITHIN_S
from tests.support.database import environment
from tests.support.redis import free_port


def test_wrong_setting_stops_gunicorn() -> None:
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{free_port()}"]

    ended = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment(), "SECRETS_KEYS": "abc", "WEB_CONCURRENCY": "4"},
        check=False,
        capture_output=True,
        text=True,
        timeout=START_WITHIN_S,
    )

    assert ended.returncode == 3
    assert ended.stderr.splitlines()[-1].startswith("Wrong setting: SECRETS_KEYS must be")
