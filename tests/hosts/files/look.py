"""
Prints all that a host shows and has, as JSON: `look.py ADMIN USER [API]`, within the project.

What changes by itself is left out: tokens of forms, the last log-in. So is what ours may add: its
section in the lists of apps, its permissions and groups among the choices.
"""

import json
import re
import sys

import django

django.setup()

from django.apps import apps  # noqa: E402
from django.conf import settings  # noqa: E402
from django.contrib.auth import get_user_model  # noqa: E402
from django.contrib.auth.models import Group, Permission  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from shop.models import Product  # noqa: E402

OURS = "workflows|runners|knox"
CHANGING = (
    r'name="csrfmiddlewaretoken" value="[^"]*"',
    r'nonce="[^"]*"',
    r'<input type="text" name="last_login_[^>]*>',
    # A section of Django's, then of django-unfold's: in the list of apps, and at the side.
    rf'<div class="app-(?:{OURS}) module[^"]*">\s*<table.*?</table>\s*</div>',
    rf'<div class="app-(?:{OURS}) module[^"]*">\s*<div.*?</table>\s*</div>\s*</div>',
    rf'<div class="app-(?:{OURS}) module[^"]*">\s*<ol.*?</li>\s*</ol>\s*</div>',
    r'<li[^>]*>\s*<a href="\?groups__id__exact=\d+"[^>]*>\s*Workflow [^<]*</a>\s*</li>',
    rf'<option value="\d+"(?: selected)?>(?:{OURS}|Workflow|Runners|Knox)[^<]*</option>',
)
MOMENTS = {"Content-Length", "Expires", "Last-Modified"}
PAGES = (
    *("", "nothing/", "jsi18n/", "password_change/"),
    *("auth/", "auth/group/add/"),  # the list of groups has ours
    *("shop/", "shop/product/", "shop/product/?q=2", "shop/product/add/"),
    *("shop/product/1/change/", "shop/product/1/history/", "shop/product/1/delete/"),
)
API = (
    ("GET", "/api/products/"),
    ("GET", "/api/products/?page=2"),
    ("GET", "/api/products/?limit=1&name=x"),
    ("GET", "/api/products/1/"),
    ("GET", "/api/products/999/"),
    ("POST", "/api/products/"),
    ("DELETE", "/api/products/"),
    ("OPTIONS", "/api/products/"),
    ("GET", "/api/"),
)


def main() -> None:
    """Look at everything."""
    settings.DEBUG = False  # else each 404 lists all addresses
    admin, name, *api = sys.argv[1:]
    user = get_user_model()._default_manager.get_by_natural_key(name)
    for number in range(5 - Product.objects.count()):
        Product.objects.create(name=f"product {number}", price="9.50")
    client, stranger = Client(raise_request_exception=False), Client(raise_request_exception=False)
    client.force_login(user)
    iris = Client(raise_request_exception=False)
    iris.force_login(author())
    users = f"{admin}{user._meta.app_label}/{user._meta.model_name}/"
    addresses = [f"{admin}{page}" for page in PAGES] + ["/nothing/", "/"]
    if user._meta.app_label == "auth":
        addresses += [users, f"{users}{user.pk}/change/"]
    found = {f"GET {path}": told(client.get(path)) for path in addresses}
    found |= {f"iris GET {path}": told(iris.get(path)) for path in addresses}
    found |= {f"stranger GET {path}": told(stranger.get(path)) for path in (admin, addresses[1])}
    for method, path in API if api else ():
        ask = getattr(client, method.lower())
        found[f"{method} {path}"] = told(ask(path, **({} if method == "GET" else {"data": {}})))
        found[f"stranger {method} {path}"] = told(getattr(stranger, method.lower())(path))
    print(json.dumps(found | permissions() | tables()))


def author() -> object:
    """Return iris, of the group Author, who may see products and nothing else."""
    group, _ = Group.objects.get_or_create(name="Author")
    group.permissions.set(Permission.objects.filter(codename="view_product"))
    users = get_user_model()
    name = {users.USERNAME_FIELD: "iris@shop.example.org"}
    iris, _ = users._default_manager.get_or_create(**name, is_staff=True)
    iris.groups.set([group])
    return iris


def told(answer: object) -> list[object]:
    """Return the status, the headers and the text of an answer."""
    text = answer.content.decode()
    for pattern in CHANGING:
        text = re.sub(pattern, "", text, flags=re.DOTALL)
    headers = {name: value for name, value in answer.headers.items() if name not in MOMENTS}
    return [answer.status_code, headers, re.sub(r"\s+", " ", text)]


def permissions() -> dict[str, object]:
    """Return who may do what, but for ours."""
    theirs = Permission.objects.exclude(content_type__app_label__in=OURS.split("|"))
    known = sorted(theirs.values_list("pk", "content_type__app_label", "codename", "name"))
    groups = {
        group.name: sorted(group.permissions.values_list("codename", flat=True))
        for group in Group.objects.exclude(name__startswith="Workflow ")
    }
    return {"permissions": [list(each) for each in known], "groups": groups}


def tables() -> dict[str, object]:
    """Return the tables of the database, but for ours."""
    ours = {
        model._meta.db_table
        for label in OURS.split("|")
        if apps.is_installed(label)
        for model in apps.get_app_config(label).get_models(include_auto_created=True)
    }
    return {"tables": sorted({*connection.introspection.table_names()} - ours)}


main()
