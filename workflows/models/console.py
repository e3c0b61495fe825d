"""The place of the dashboard in admin sites that have an index of their own."""

from workflows.models.run import WorkflowRun


class Operations(WorkflowRun):
    """The dashboard, as an entry of our section: an admin lists nothing but models."""

    class Meta:
        proxy = True
        default_permissions = ()
        # Entries are sorted by name, and this one belongs to the top; HTML ignores the space.
        verbose_name = verbose_name_plural = " Operations"
