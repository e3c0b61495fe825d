"""Where the commands of a row are."""

from django.db.models import Model

from workflows.api.paths import api_url
from workflows.sites import known_admin_url, url_prefix


def curl_url(row: Model) -> str:
    """Return the address of the page with the commands of a row; empty if there is no API."""
    address = known_admin_url(f"{url_prefix(type(row))}_curl", row.pk)
    return address if address and api_url("workflowrun-list") else ""


def list_curl_url(model: type[Model], query: str) -> str:
    """Return that of a list with its filters; empty if the API has no such list."""
    address = known_admin_url(f"{url_prefix(model)}_list_curl")
    if not address or not api_url("workflowrun-list"):
        return ""
    return f"{address}{query}" if query != "?" else address
