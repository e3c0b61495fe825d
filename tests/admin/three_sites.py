"""The URLs of a project with three admin sites, none of them named `admin`, and without an API."""

from django.contrib.admin import AdminSite
from django.contrib.auth.admin import GroupAdmin
from django.contrib.auth.models import Group
from django.urls import path

from workflows.admin import register
from workflows.admin_site import ConsoleMixin


class Back(ConsoleMixin):
    """A site that is a console."""

    site_header = "Back office"


empty = AdminSite(name="empty")
desk = AdminSite(name="desk")
back = Back(name="back")
for site in (desk, back):
    site.site_url = None
    site.register(Group, GroupAdmin)
for _ in range(2):  # twice does no harm
    register(desk)  # the console registers our pages itself

urlpatterns = [
    path("empty/", empty.urls),
    path("staff/desk/", desk.urls),
    path("back/", back.urls),
]
