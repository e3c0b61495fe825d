"""Every page of the console opens in a browser without a complaint."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browse


@pytest.mark.parametrize("path", ["/admin/", "/admin/workflows/workflowrun/"])
def test_a_page_opens(browse: Browse, path: str) -> None:
    page = browse(path)

    expect(page.locator("#content")).to_be_visible()
    expect(page.locator("body")).to_contain_text("ada")
