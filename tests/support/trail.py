"""The trail of a run, as the product's own verification reads it."""

from workflows.audit.verify import verify_run
from workflows.models import WorkflowRun


def check_trail(run: WorkflowRun) -> None:
    """Fail unless the trail of a run explains every row of it; read the run anew."""
    assert [finding.sentence for finding in verify_run(run.pk)] == []
    run.refresh_from_db()
