"""Pages open without errors and warnings in the browser's console."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Browse


@pytest.mark.parametrize("path", ["/admin/", "/admin/workflows/workflowrun/"])
def test_page_opens_without_complaints(browse: Browse, path: str) -> None:
    page = browse(path)

    expect(page.locator("#content")).to_be_visible()
    expect(page.locator("body")).to_contain_text("ada")
