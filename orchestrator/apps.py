"""The admin, with a site of our own."""

from django.contrib.admin.apps import AdminConfig


class ConsoleConfig(AdminConfig):
    """Django's admin, whose site is the operator's console."""

    default_site = "workflows.admin_site.Console"
