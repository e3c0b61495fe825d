"""Its URLs before ours: the admin somewhere else, an API and pages of its own."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest, HttpResponse
from django.urls import path
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.generics import ListCreateAPIView
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class GroupAnswer(serializers.Serializer[object]):
    """A thing that the project sells."""

    id = serializers.IntegerField()
    name = serializers.CharField()
    made_at = serializers.DateTimeField()


class Things(ListCreateAPIView[Group]):
    """The project's own list, which takes all defaults of the project."""

    serializer_class: Any = GroupAnswer
    queryset = Group.objects.all()
    schema = AutoSchema()

    def list(self, request: Request, *args: object, **kwargs: object) -> Response:
        """List the things."""
        made_at = "2026-01-31T08:00:00Z"
        return Response({"things": [{"id": 1, "name": "Ä", "made_at": made_at}]})


class Missing(APIView):
    """What the project's own handler of errors answers for."""

    schema = None

    def get(self, request: Request) -> Response:
        """Fail."""
        raise NotFound


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer with the project's own page."""
    return HttpResponse("Nicht gefunden", status=404)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer with the project's own page."""
    return HttpResponse("Kaputt", status=500)


handler404 = not_found
handler500 = failed
urlpatterns = [
    path("secret-admin/", admin.site.urls),
    path("api/things", Things.as_view(), name="task-list"),
    path("api/missing", Missing.as_view(), name="schema"),
    path("api/schema", SpectacularJSONAPIView.as_view(permission_classes=[AllowAny])),
]
