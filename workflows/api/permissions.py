"""Who may do what: Django's own permissions, `view` included, and one for operators."""

from typing import Any

from rest_framework.exceptions import MethodNotAllowed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

VERBS = {
    "GET": "view",
    "HEAD": "view",
    "OPTIONS": "view",
    "POST": "add",
    "PUT": "change",
    "PATCH": "change",
    "DELETE": "delete",
}


class ModelPermission(BasePermission):
    """Asks for the permission on the view's model that belongs to the request's method."""

    message = ""

    def has_permission(self, request: Request, view: Any) -> bool:
        """Let users through who have it; tell others its name."""
        if not request.user.is_authenticated:
            return False
        needed = self.needed(request, view)
        self.message = f"You do not have the permission {needed}."
        return request.user.has_perm(needed)

    def needed(self, request: Request, view: Any) -> str:
        """Return the permission that a request needs."""
        if request.method not in VERBS:
            raise MethodNotAllowed(str(request.method))
        meta = view.queryset.model._meta
        return f"{meta.app_label}.{VERBS[request.method]}_{meta.model_name}"


class MayChange(ModelPermission):
    """Asks for the permission to change what a view is about, whatever the method."""

    def needed(self, request: Request, view: Any) -> str:
        """Return the permission that a PUT needs."""
        meta = view.queryset.model._meta
        return f"{meta.app_label}.change_{meta.model_name}"


class MayDecide(ModelPermission):
    """Asks for the permission to approve and reject tasks."""

    def needed(self, request: Request, view: Any) -> str:
        """Return the approvers' permission."""
        return "workflows.decide_approval"


class MayOperate(ModelPermission):
    """Asks for the permission to dispatch and steer runs and their tasks."""

    def needed(self, request: Request, view: Any) -> str:
        """Return the operators' permission."""
        return "workflows.operate_workflowrun"
