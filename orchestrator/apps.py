"""The Django admin with this project's own AdminSite."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """Replaces `django.contrib.admin`, so that `admin.site` is the operator's console."""

    default_site = "workflows.admin_site.Console"
