"""
What apps above this one add to the admin: pages, links, numbers, lines and tabs.

An app names its `Extension` in its AppConfig: `workflows_admin = "app.admin.extension.EXTENSION"`.
It is imported after the pages of workflows, so `app.admin` itself must not import it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db.models import Model
from django.http import HttpRequest
from django.utils.module_loading import import_string
from django.utils.safestring import SafeString

from workflows.admin.dashboard.items import AttentionGroup
from workflows.models import WorkflowTemplate

ATTRIBUTE = "workflows_admin"


@dataclass(frozen=True, slots=True)
class NavigationEntry:
    """A list in the navigation."""

    model: str
    """The name of its model."""
    label: str
    icon: str
    heading: str
    """`Operate` or `Design`."""
    after: str
    """The model of the list that it follows."""
    count: str = ""
    """The number beside it, as a name of `Extension.counts`."""


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab of the pages on which a template is read."""

    label: str
    permission: str
    page: str
    """Its HTML template, which extends workflows/workflowtemplate/tabs/base.html."""
    context: Callable[[HttpRequest, WorkflowTemplate], dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """Everything that one app adds; what needs a permission is left out for readers without it."""

    pages: Mapping[type[Model], Any] = field(default_factory=dict)
    """The model admin of each model."""
    navigation: Sequence[NavigationEntry] = ()
    beside: Sequence[str] = ()
    """Models whose lists are reached from other pages, not from the navigation."""
    counts: Mapping[str, tuple[str, Callable[[], int]]] = field(default_factory=dict)
    """The permission of each number that open pages ask for, and what counts it."""
    attention: Sequence[tuple[str, Callable[[HttpRequest], AttentionGroup]]] = ()
    """The permission of each group of lines on the dashboard, and what makes it."""
    panels: Sequence[tuple[str, Callable[[HttpRequest], SafeString]]] = ()
    """The permission of each panel of the dashboard, and what draws it: a section with an id."""
    styles: Sequence[str] = ()
    """The style sheets that the dashboard needs for them."""
    tabs: Mapping[str, Tab] = field(default_factory=dict)
    """The tabs of a template, by their part of the address."""
    triggers: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = field(default_factory=dict)
    """The address of the page of what started a run, by the kind of trigger."""


def extensions() -> Iterator[Extension]:
    """Yield the extensions of the apps that are installed."""
    for app in apps.get_app_configs():
        if place := getattr(app, ATTRIBUTE, None):
            yield import_string(place)


def extended_apps() -> set[str]:
    """Return the labels of the apps that have one."""
    return {app.label for app in apps.get_app_configs() if hasattr(app, ATTRIBUTE)}


def counts_of_extensions(may: Callable[[str], bool]) -> dict[str, int]:
    """Return the numbers that a reader may see."""
    return {
        name: count()
        for each in extensions()
        for name, (permission, count) in each.counts.items()
        if may(permission)
    }


def trigger_url(trigger: Mapping[str, Any]) -> str | None:
    """Return the address of the page of what started a run; None if it has none."""
    for each in extensions():
        if found := each.triggers.get(str(trigger.get("kind"))):
            return found(trigger)
    return None


def tabs_of_extensions() -> dict[str, Tab]:
    """Return the tabs of templates, by their part of the address."""
    return {name: tab for each in extensions() for name, tab in each.tabs.items()}
