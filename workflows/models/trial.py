"""What a run is that tries a draft of a template, before anybody saves it."""

from collections.abc import Sequence
from typing import Any

from django.db import models

from runners.fields import ReadableJSONField


class Tried(models.Model):
    """
    A run that may be a trial: of a draft, which no template and no version has.

    So it has no template either, and whatever is said about the runs of a template leaves it out.
    """

    trial = ReadableJSONField(
        null=True,
        editable=False,
        help_text="Which draft it tries; null for a run of a saved template.",
    )

    steps_to_make: Sequence[Any] = ()
    """The steps of a draft that a new trial is made of."""

    class Meta:
        abstract = True

    @property
    def is_trial(self) -> bool:
        """True for a run of a draft."""
        return self.trial is not None

    @property
    def trial_facts(self) -> dict[str, Any]:
        """
        What is tried: template_id, version, step_id, results_of; empty if it is no trial.

        The template and the version are those that the draft began with, the step that of a trial
        of one step, and the run the one whose results it works with.
        """
        facts = self.trial if isinstance(self.trial, dict) else {}
        return {name: value for name, value in facts.items() if name != "results"}

    @property
    def given_results(self) -> dict[str, Any] | None:
        """What other steps are taken to have left, by step id; None: what its own tasks leave."""
        facts = self.trial if isinstance(self.trial, dict) else {}
        found = facts.get("results")
        return found if isinstance(found, dict) else None
