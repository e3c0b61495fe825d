"""Operations on runners: deletion, unless history needs one; a test of its connection."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from time import monotonic
from uuid import uuid4

from django.db.models import Exists, OuterRef, Q

from runners import transaction
from runners.base import RunnerError, UnknownTask
from runners.models import Runner
from workflows.db.time_limits import locking
from workflows.errors import Conflict, InUse, NotFound
from workflows.insight.phrases import joined
from workflows.models import Task, TaskAttempt, TemplateStep
from workflows.models.bounds import LONGEST_REASON, cut

OF_RUNNER = {"runner": OuterRef("pk")}


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
    used = set(Runner.objects.filter(_used(), pk__in=pks).values_list("pk", flat=True))
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


def _used() -> Q:
    """Return the condition of the runners that a task has, or that an attempt has ever had."""
    # Not a constant: querysets cannot be made while models are loaded.
    tasks, attempts = Task.objects.filter(**OF_RUNNER), TaskAttempt.objects.filter(**OF_RUNNER)
    return Q(Exists(tasks) | Exists(attempts))


@dataclass(frozen=True, slots=True)
class ConnectionTest:
    """How a host answered when it was asked about a task that it cannot know."""

    succeeded: bool
    text: str
    seconds: float


def try_connection(runner: Runner) -> ConnectionTest:
    """
    Ask a host about a task that nobody has given it, within the limit of its kind: five seconds.

    That it does not know the task shows that it can be reached, and that it takes our token.

    :raises Conflict: if runners of this kind are not called.
    """
    if not runner.backend.calls_back:
        raise Conflict(f"runners of kind {runner.kind} are not called: nothing can be tested")
    started = monotonic()
    try:
        runner.backend.poll({"task_id": str(uuid4())}, runner.address)
        said = "It answered, though about a task that it cannot know"
    except UnknownTask:
        return ConnectionTest(True, "It can be reached, and answers.", monotonic() - started)
    except RunnerError as exc:
        said = cut(str(exc), most=LONGEST_REASON)
    return ConnectionTest(False, f"{said}.", monotonic() - started)
