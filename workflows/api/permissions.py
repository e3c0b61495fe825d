"""Permissions: Django's own of each model, and ours for operators and approvers."""

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

ACTION_OF_METHOD = {
    "GET": "view",
    "HEAD": "view",
    "OPTIONS": "view",
    "POST": "add",
    "PUT": "change",
    "PATCH": "change",
    "DELETE": "delete",
}


class ModelPermission(BasePermission):
    """Requires the permission on the view's model that belongs to the request's method."""

    message = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Return True if the user has the required permission; otherwise the message names it."""
        if not request.user.is_authenticated:
            return False
        permission = self.required_permission(request, view)
        self.message = f"You do not have the permission {permission}."
        return request.user.has_perm(permission)

    def required_permission(self, request: Request, view: Any) -> str:
        """Return the permission that a request requires."""
        if request.method not in ACTION_OF_METHOD:
            raise MethodNotAllowed(str(request.method))
        meta = view.queryset.model._meta
        return f"{meta.app_label}.{ACTION_OF_METHOD[request.method]}_{meta.model_name}"


class MayChange(ModelPermission):
    """Requires the permission to change the view's model, whatever the method."""

    def required_permission(self, request: Request, view: Any) -> str:
        """Return the permission that a PUT requires."""
        meta = view.queryset.model._meta
        return f"{meta.app_label}.change_{meta.model_name}"


class MayDecide(ModelPermission):
    """Requires the permission to approve and reject tasks."""

    def required_permission(self, request: Request, view: Any) -> str:
        """Return the approvers' permission."""
        return "workflows.decide_approval"


class MayOperate(ModelPermission):
    """Requires the permission to dispatch and control runs and their tasks."""

    def required_permission(self, request: Request, view: Any) -> str:
        """Return the operators' permission."""
        return "workflows.operate_workflowrun"
