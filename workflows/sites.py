"""
The admin sites of a project: at which one a request is, and the addresses of our pages there.

A page may be at any site: whatever its name and its address, and however many there are. Each view
of ours enters its site first (`at_site`); addresses that are made until the request is over are
those of this site, as Django's own `reverse` knows the script prefix and the URLconf. Commands are
at no site: what they print is at the first one that has the page.
"""

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, TypeVar
from urllib.parse import quote

from django.contrib.admin import AdminSite
from django.contrib.admin.sites import all_sites
from django.db.models import Model
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import NoReverseMatch, Resolver404, URLResolver, get_resolver, resolve, reverse

Urls = TypeVar("Urls", bound=Sequence[Any])
View = Callable[..., HttpResponseBase]

APP_NAME = "admin"
"""The application namespace of all admin sites; the instance namespace is the name of each."""
PLACE = "__pk__"
LIST = "workflows_workflowrun_changelist"


@dataclass(slots=True)
class Visit:
    """The site that a request is at."""

    site: AdminSite
    addresses: dict[type[Model], str] = field(default_factory=dict)
    """The pages of rows by model: a list links to hundreds, and `reverse` is slow."""


_visit: ContextVar[Visit | None] = ContextVar("admin_site_of_the_request", default=None)


def at_site(site: AdminSite, view: View) -> View:
    """Return a view whose addresses are those of a site."""

    @wraps(view)
    def entering(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        request.current_app = site.name
        _visit.set(Visit(site))
        return view(request, *args, **kwargs)

    return entering


def all_at_site(site: AdminSite, urls: Urls) -> Urls:
    """Return URLs whose views are at a site, each."""
    for each in urls:
        if isinstance(each, URLResolver):
            all_at_site(site, each.url_patterns)
        else:
            each.callback = at_site(site, each.callback)
    return urls


def leave_site(**_: Any) -> None:
    """Forget the site of the request before."""
    _visit.set(None)


def current_site() -> AdminSite:
    """Return the site of this request, or else the first one with our pages."""
    if visit := _visit.get():
        return visit.site
    for name in _mounted():
        if _address(name, LIST, ()) and (site := _named(name)):
            return site
    raise NoReverseMatch(f"No admin site has the page {LIST}.")


def model_admin_of(model: type[Model]) -> Any:
    """Return the model admin of a model at the site of this request; None if it has none."""
    site = current_site()
    return site.get_model_admin(model) if site.is_registered(model) else None


def admin_url(page: str, *args: object) -> str:
    """
    Return the address of a page of the admin, at the site of this request if that has it.

    :raises NoReverseMatch: if no site has it.
    """
    visit = _visit.get()
    if visit and (found := _address(visit.site.name, page, args)):
        return found
    for name in _mounted():
        if found := _address(name, page, args):
            return found
    raise NoReverseMatch(f"No admin site has the page {page}.")


def dashboard_url() -> str:
    """Return the address of the dashboard, at the site of this request."""
    is_index = getattr(current_site(), "index_is_dashboard", False)
    return admin_url("index" if is_index else "workflows_operations_changelist")


def known_admin_url(page: str, *args: object) -> str | None:
    """Return the address of a page of the admin; None if no site has it."""
    try:
        return admin_url(page, *args)
    except NoReverseMatch:
        return None


def page_address(model: type[Model], pk: object) -> str:
    """Return the address of the page of a row."""
    visit = _visit.get()
    known = visit.addresses if visit else {}
    if model not in known:
        known[model] = admin_url(f"{url_prefix(model)}_change", PLACE)
    return known[model].replace(PLACE, quote(str(pk)))


def url_prefix(model: type[Model]) -> str:
    """Return what the names of a model's pages begin with."""
    return f"{model._meta.app_label}_{model._meta.model_name}"


def site_at(request: HttpRequest) -> AdminSite | None:
    """Return the admin site that a path belongs to, also of a request that found no view."""
    try:
        match = request.resolver_match or resolve(request.path_info)
    except Resolver404:
        return None
    if match.app_names[-1:] != [APP_NAME]:
        return None  # also of an API that is mounted below a site
    return _named(match.namespaces[-1])


def _named(name: str) -> AdminSite | None:
    return next((site for site in all_sites if site.name == name), None)


def _mounted() -> list[str]:
    """Return the names of the sites that have addresses, in the order of the URLconf."""
    return [*reversed(get_resolver().app_dict.get(APP_NAME, ()))]


def _address(name: str, page: str, args: Sequence[object]) -> str | None:
    try:
        return reverse(f"{APP_NAME}:{page}", args=args, current_app=name)
    except NoReverseMatch:
        return None
