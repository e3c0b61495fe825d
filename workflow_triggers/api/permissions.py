"""Permissions of what starts runs."""

from typing import Any

from rest_framework.request import Request

from workflows.api.permissions import ModelPermission

OPERATE = "workflow_triggers.operate_schedule"


class MayOperateTriggers(ModelPermission):
    """Requires the permission to enable, disable and fire schedules and webhooks."""

    def required_permission(self, request: Request, view: Any) -> str:
        """Return the operators' permission."""
        return OPERATE
