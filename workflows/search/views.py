"""Saved views: a search by its name."""

from workflows.errors import Conflict, NotFound
from workflows.models import SavedView
from workflows.payloads.suggestions import MOST_COMPARED, suggested


def view_named(name: str) -> SavedView:
    """
    Return the view of this name, whoever has saved it.

    :raises NotFound: if there is none; the message names one that may be meant.
    :raises Conflict: if several persons have one of this name.
    """
    found = list(SavedView.objects.filter(name=name).order_by("owner_name"))
    if not found:
        names = list(SavedView.objects.values_list("name", flat=True)[:MOST_COMPARED])
        hint = suggested(name, names) or "there is none yet: the list of runs saves them"
        raise NotFound("saved view", f"'{name}'", hint)
    if len(found) > 1:
        owners = ", ".join(view.owner_name for view in found)
        raise Conflict(f"several saved views are called '{name}', of {owners}; type their search")
    return found[0]
