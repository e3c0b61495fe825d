"""The operation that deletes runners, unless one is the default or history names it."""

from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef

from runners.models import Runner
from workflows.db.time_limits import locking
from workflows.errors import InUse, NotFound
from workflows.insight.phrases import joined
from workflows.models import Task, TaskAttempt, TemplateStep

OF_RUNNER = {"runner": OuterRef("pk")}
USED = Exists(Task.objects.filter(**OF_RUNNER)) | Exists(TaskAttempt.objects.filter(**OF_RUNNER))
"""The condition of the runners that a task has, or that an attempt has ever had."""


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
    if reasons := why_kept(runners):
        raise InUse("; ".join(reasons))
    Runner.objects.filter(pk__in=[runner.pk for runner in runners]).delete()
    return len(runners)


def why_kept(runners: Collection[Runner]) -> list[str]:
    """Return why some of these runners cannot be deleted, and what helps; two statements."""
    pks = [runner.pk for runner in runners]
    named = TemplateStep.objects.filter(runner__in=pks).order_by("template__name").distinct()
    templates: dict[int, list[str]] = defaultdict(list)
    for pk, name in named.values_list("runner_id", "template__name"):
        templates[pk or 0].append(f"'{name}'")
    used = set(Runner.objects.filter(USED, pk__in=pks).values_list("pk", flat=True))
    return [
        why
        for runner in runners
        if (why := _why_kept(runner, is_used=runner.pk in used, templates=templates[runner.pk]))
    ]


def _why_kept(runner: Runner, *, is_used: bool, templates: Collection[str]) -> str | None:
    if is_used:
        remedy = "disable it instead"
        if runner.is_default:
            remedy = "make another runner the default, then disable this one"
        return f"tasks have used runner '{runner}', and their history names it: {remedy}"
    if runner.is_default:
        users = "steps and tasks without a runner use"
        return (
            f"runner '{runner}' is the default, which {users}: make another one the default first"
        )
    if templates:
        steps = f"steps of {joined(templates)}"
        return f"{steps} name runner '{runner}': give them another runner first"
    return None
