"""The tags of our pages: what stands in their head, and Django's own with our templates."""

import json
from typing import Any

from django.contrib.admin import ListFilter
from django.contrib.admin.templatetags import admin_list, admin_modify
from django.contrib.admin.views.main import ChangeList
from django.template import Library
from django.utils.safestring import SafeString

from workflows.admin.curl import address
from workflows.admin.ui.media import attention_address, page_media
from workflows.api.wording import csrf_header
from workflows.sites import current_site

INCLUDES = "workflows/includes"
"""A project's theme has templates for its own lists and forms, which need its own model admins."""

register = Library()
register.simple_tag(csrf_header)
register.inclusion_tag(f"{INCLUDES}/search_form.html")(admin_list.search_form)
register.inclusion_tag(f"{INCLUDES}/results.html")(admin_list.result_list)
register.inclusion_tag(f"{INCLUDES}/pagination.html")(admin_list.pagination)
register.inclusion_tag(f"{INCLUDES}/actions.html", takes_context=True)(admin_list.admin_actions)
register.inclusion_tag(f"{INCLUDES}/submit_row.html", takes_context=True)(admin_modify.submit_row)


@register.filter
def phrases(model_admin: Any) -> str:
    """Return what the button of a list says for each action, for list_actions.js."""
    return json.dumps(getattr(model_admin, "action_phrases", {}))


@register.inclusion_tag(f"{INCLUDES}/filter.html")
def list_filter(cl: ChangeList, spec: ListFilter) -> dict[str, Any]:
    """
    Return a filter of a list, as chips above it.

    A `switch` has one choice, `chips` some, a `tab` is elsewhere; the others are menus, that of a
    `span` with fields for any other one. Their first choice is that of all rows.
    """
    first, *others = choices = list(spec.choices(cl))
    kind = getattr(spec, "kind", "menu")
    if kind == "switch":
        choices = [{**each, "off": first["query_string"]} for each in others]
    elif kind == "chips" and "off" in (others or [{}])[0]:
        choices = others
    chosen = next((each for each in choices if each["selected"]), first)
    return {
        "title": str(spec.title).removesuffix(" at"),
        "kind": kind,
        "choices": choices,
        "chosen": chosen,
        "is_narrowed": chosen is not first,
        "off": first["query_string"],
        "fields": spec.fields(cl) if kind == "span" else {},  # type: ignore[attr-defined]
    }


@register.simple_tag
def console_head() -> SafeString:
    """Return the style sheets and the script of our pages, at the site of this request."""
    return SafeString(page_media(current_site()))


@register.simple_tag
def attention_url() -> str:
    """Return where the numbers of what needs attention are."""
    return attention_address(current_site())


@register.simple_tag
def list_curl_url(cl: ChangeList) -> str:
    """Return where a list with its filters stands as a command; empty if the API has none."""
    return address.list_curl_url(cl.model, cl.get_query_string())


@register.simple_tag
def is_guest() -> bool:
    """Return True at the admin site of another project, whose frame is not ours."""
    return not getattr(current_site(), "has_console_look", False)
