"""Which style sheets and scripts our pages load, by the admin site that they are at."""

from django.contrib.admin import AdminSite
from django.forms import Media
from django.forms.widgets import Script

from workflows.sites import admin_url


def page_media(site: AdminSite) -> Media:
    """Return what each of our pages loads; a site of others has it on our pages only."""
    if getattr(site, "has_console_look", False):
        return Media(css={"all": ["workflows/admin.css"]})
    given = {"type": "module", "data-session": session_address(site)}
    given["data-palette"] = admin_url(f"{_prefix(site)}palette")
    if getattr(site, "index_is_dashboard", False):
        given["data-attention"] = attention_address(site)
    script = Script("workflows/console.js", **given)
    return Media(css={"all": ["workflows/guest.css"]}, js=[script])  # type: ignore[list-item]  # stubs: texts alone


def attention_address(site: AdminSite) -> str:
    """Return where the numbers of what needs attention are."""
    return admin_url(f"{_prefix(site)}attention")


def session_address(site: AdminSite) -> str:
    """Return where pages ask who is logged in."""
    return admin_url(f"{_prefix(site)}session")


def _prefix(site: AdminSite) -> str:
    return "" if getattr(site, "index_is_dashboard", False) else "workflows_operations_"
