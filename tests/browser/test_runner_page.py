"""The token of a runner is entered in the browser, and never comes back to it."""

import pytest
from playwright.sync_api import Page, expect

from runners.models import Runner
from tests.browser.conftest import Browse
from tests.support.secrets import VALUE

ADD = "/admin/runners/runner/add/"


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_token_is_entered_kept_and_removed(browse: Browse, color_scheme: str) -> None:
    page = browse(ADD, color_scheme=color_scheme)
    page.get_by_label("Name:", exact=True).fill("gpu-1")
    page.get_by_label("Kind:").select_option("http")
    page.get_by_label("Url:").fill("https://gpu-1")
    page.get_by_label("Token:").fill(VALUE)
    _save_and_open_settings(page)
    expect(page.get_by_text("Set; leave this empty to keep it.")).to_be_visible()
    expect(page.get_by_label("Token:")).to_have_value("")
    assert VALUE not in page.content()
    _save_and_open_settings(page)
    expect(page.get_by_label("Token:")).to_have_value("")
    assert Runner.objects.get(name="gpu-1").address.credentials == {"token": VALUE}

    page.get_by_label("Remove the token").check()
    _save_and_open_settings(page)
    expect(page.get_by_text("Not set.")).to_be_visible()
    assert Runner.objects.get(name="gpu-1").credentials == {}


def _save_and_open_settings(page: Page) -> None:
    with page.expect_navigation():
        page.get_by_role("button", name="Save and continue editing").click()
    page.get_by_text("Settings: change or disable it").click()
