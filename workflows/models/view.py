"""Saved views: searches of the list of runs that somebody has given a name."""

from django.db import models
from django.db.models import Q

from workflows.models.actor import LONGEST_NAME, Actor

LONGEST_QUERY = 1_000
"""Characters of a search."""


class SavedViewQuerySet(models.QuerySet["SavedView"]):
    """Queries for sets of saved views."""

    def of(self, person: Actor) -> "SavedViewQuerySet":
        """Return the views that a person has saved."""
        return self.filter(owner=person.user)

    def seen_by(self, person: Actor) -> "SavedViewQuerySet":
        """Return the views that a person has saved, and those that others share."""
        return self.filter(Q(owner=person.user) | Q(is_shared=True))


class SavedView(models.Model):
    """A search of the list of runs, by its name."""

    name = models.CharField(max_length=100)
    query = models.CharField(
        max_length=LONGEST_QUERY, help_text="As it is typed above the list of runs."
    )
    is_shared = models.BooleanField(
        "shared", default=False, help_text="Everybody who may see runs is offered it, too."
    )
    # A key as text, as in the trail: any model may be that of users, in another database, too.
    owner = models.CharField(max_length=LONGEST_NAME, editable=False)
    owner_name = models.CharField(max_length=LONGEST_NAME, editable=False)

    objects = SavedViewQuerySet.as_manager()

    class Meta:
        ordering = ["name", "id"]
        default_permissions = ()  # whoever may see runs may save views of them
        constraints = [
            models.UniqueConstraint(fields=["owner", "name"], name="savedview_unique_name")
        ]

    def __str__(self) -> str:
        return self.name
