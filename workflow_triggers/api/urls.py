"""The paths that this app adds to the API."""

from typing import Any

from django.urls import URLPattern

view_sets: list[tuple[str, Any]] = []
urlpatterns: list[URLPattern] = []
