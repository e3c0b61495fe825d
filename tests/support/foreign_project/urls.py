"""Its URLs, and ours below `ops/`."""

from django.urls import include, path

from tests.support.foreign_project import own_urls

handler404, handler500 = own_urls.handler404, own_urls.handler500
urlpatterns = [*own_urls.urlpatterns, path("ops/", include("workflows.api.urls"))]
