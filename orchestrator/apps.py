"""The Django admin with this project's own AdminSite."""

from django.contrib.admin.apps import AdminConfig
from django.contrib.auth.signals import user_login_failed
from django.core.checks import Tags, register

from orchestrator.logs import log_failed_login
from orchestrator.private_files import check_private_files


class ConsoleConfig(AdminConfig):
    """Replaces `django.contrib.admin`, so that `admin.site` is the operator's console."""

    default_site = "workflows.admin_site.Console"

    def ready(self) -> None:
        """Register the check of private files, and log failed logins."""
        super().ready()
        user_login_failed.connect(log_failed_login)
        register(check_private_files, Tags.security)
