"""What programs rely on, asked of a host with defaults of its own, under its prefix."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.contract.conftest import site
from tests.contract.site import Site
from tests.contract.test_runs import *  # noqa: F403
from tests.contract.test_scripts import *  # noqa: F403
from tests.contract.test_templates import *  # noqa: F403
from tests.hosts.conftest import made
from tests.hosts.kinds import BACK
from tests.support.host_runner import HostRunner, serving
from tests.support.long import long_only

__all__ = ["site"]

ADA = "from shop.models import User; User.objects.create_superuser('ada', 'lovelace')"

pytestmark = [pytest.mark.slow, long_only]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, wheel_python: Path) -> Iterator[Site]:
    """Put the apps into the host, and make a host-runner the default one."""
    with made(BACK, tmp_path_factory.mktemp("contract"), wheel_python) as host:
        BACK.put_in(host.project)
        # The cases know their user as ada, which is no address.
        host.project.manage("shell", "-c", ADA)
        token = host.project.manage("create_api_token", "ada").split()[-1]
        with (
            host.project.served() as url,
            serving(HostRunner()) as runner,
            httpx.Client(base_url=f"{url}/ops", timeout=60) as http,
            httpx.Client(timeout=60) as outside,
        ):
            http.headers["Authorization"] = f"Token {token}"
            asked = Site(http, runner, outside)
            asked.post("/runners", name="host", kind="http", url=runner.url, is_default=True)
            yield asked
