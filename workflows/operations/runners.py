"""The operation that deletes runners, unless one is the default or history names it."""

from collections.abc import Collection

from django.db import transaction

from runners.models import Runner
from workflows.db.time_limits import locking
from workflows.errors import InUse, NotFound
from workflows.insight.phrases import joined
from workflows.models import Task, TaskAttempt, TemplateStep


@transaction.atomic
def delete_runner(pk: int) -> None:
    """
    Delete a runner.

    :raises NotFound: if there is no such runner.
    :raises InUse: if it is the default, a task has ever used it, or a step names it.
    """
    if not delete_runners([pk]):
        raise NotFound("runner", pk)


@transaction.atomic
def delete_runners(pks: Collection[int]) -> int:
    """
    Delete runners, or none of them; return how many there were.

    Their rows are locked first: who gives one of them a task, names it in a step or makes it the
    default at this moment has either committed, and is seen here, or finds it gone.

    :raises InUse: as `delete_runner`.
    """
    with locking("runner", ", ".join(map(str, sorted(pks)))):
        runners = list(Runner.objects.select_for_update().filter(pk__in=pks).order_by("pk"))
    if reasons := [why for runner in runners if (why := why_kept(runner))]:
        raise InUse("; ".join(reasons))
    Runner.objects.filter(pk__in=[runner.pk for runner in runners]).delete()
    return len(runners)


def why_kept(runner: Runner) -> str | None:
    """Return why a runner cannot be deleted, and what helps; None if it can."""
    if _is_used(runner):
        remedy = "disable it instead"
        if runner.is_default:
            remedy = "make another runner the default, then disable this one"
        return f"tasks have used runner '{runner}', and their history names it: {remedy}"
    if runner.is_default:
        users = "steps and tasks without a runner use"
        return (
            f"runner '{runner}' is the default, which {users}: make another one the default first"
        )
    steps = TemplateStep.objects.filter(runner=runner)
    if templates := list(steps.values_list("template__name", flat=True).distinct()):
        names = joined(f"'{name}'" for name in templates)
        return f"steps of {names} name runner '{runner}': give them another runner first"
    return None


def _is_used(runner: Runner) -> bool:
    users = (Task, TaskAttempt)
    return any(model._default_manager.filter(runner=runner).exists() for model in users)
