"""A real server, a real host-runner and a token: what a program outside can use."""

from collections.abc import Iterator

import httpx
import pytest

from tests.contract.server import installation
from tests.contract.site import Site
from tests.support.database import migrated_database
from tests.support.host_runner import HostRunner, serving


@pytest.fixture(scope="session")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Install the product once, log in, and make a host-runner the default one."""
    directory = tmp_path_factory.mktemp("contract")
    with (
        migrated_database(directory) as database_url,
        installation(database_url) as made,
        serving(HostRunner()) as host,
        httpx.Client(base_url=made.url, timeout=60) as http,
        httpx.Client(timeout=60) as outside,
    ):
        made.manage("createsuperuser", "--noinput", "--username=ada", "--email=ada@example.org")
        token = made.manage("create_api_token", "ada").split()[-1]
        http.headers["Authorization"] = f"Token {token}"
        site = Site(http, host, outside)
        site.post("/runners", name="host", kind="http", url=host.url, is_default=True)
        yield site


@pytest.fixture
def site(served: Site) -> Site:
    """Return the site, with a host-runner that knows no task and accepts every submission."""
    served.host.on_submit = served.host.on_cancel = None
    served.host.submissions.clear()
    served.host.asked.clear()
    return served
