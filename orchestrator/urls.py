"""The URLs of the site: the API at the root, the admin below `admin/`."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="admin:index")),
    path("", include("workflows.api.urls")),
    path("admin/", admin.site.urls),
]
handler400 = "workflows.api.errors.bad_request"
handler403 = "workflows.admin_site.refused"
handler404 = "workflows.api.errors.page_not_found"
handler500 = "workflows.api.errors.server_error"
