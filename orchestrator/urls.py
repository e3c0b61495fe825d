"""The URLs of the site: the API at the root, the admin below `admin/`."""

from django.contrib import admin
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from workflows.api.errors import path_not_found
from workflows.db.doors import outside_transactions

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("workflows.api.urls")),
    path("admin/", admin.site.urls),
    # JSON also while DEBUG is on, where Django would list its URLs on a page of its own. Not below
    # admin/, whose paths are completed by a slash if there is nothing without it.
    *outside_transactions([re_path(r"^(?!admin(?:/|$))", path_not_found)]),
]
handler400 = "workflows.api.errors.bad_request"
handler403 = "workflows.admin_site.refused"
handler404 = "workflows.api.errors.page_not_found"
handler500 = "workflows.api.errors.server_error"
