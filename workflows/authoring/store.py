"""Stores templates and their versions."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import asdict, fields
from typing import Any

from runners import transaction
from runners.models import Runner
from workflows.authoring.checks import check_template, kinds_of_runners, unknown_runners
from workflows.authoring.sections import split_sections, store_sections
from workflows.authoring.spec import StepSpec, TemplateSpec, parse_template, plain
from workflows.db.time_limits import locking
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import StepDependency, TemplateStep, TemplateVersion, WorkflowTemplate
from workflows.models.actor import NOBODY, Actor

Sections = Mapping[str, Any]
EMPTY: Sections = {}
STALE = (
    "Somebody else saved this template while you were editing it: you edited version {}, the "
    "latest is version {}. Your changes were not saved. Open the template in another tab and make "
    "them there."
)


@transaction.atomic
def create_template(
    spec: TemplateSpec, *, sections: Sections = EMPTY, by: Actor = NOBODY
) -> WorkflowTemplate:
    """
    Store a new template and its first version.

    :param sections: what no version keeps, by name.
    :raises Invalid: naming what is wrong, or a runner that does not exist.
    """
    check_template(spec, kinds_of_runners())
    template = WorkflowTemplate.objects.create(**_columns(spec))
    _store_steps(template, spec.steps)
    _store_version(template, spec, by=by)
    store_sections(template, sections, spec, by=by)
    return template


@transaction.atomic
def replace_template(
    template_id: int,
    spec: TemplateSpec,
    *,
    edited_version: int | None = None,
    saved_before: TemplateSpec | None = None,
    sections: Sections = EMPTY,
    by: Actor = NOBODY,
) -> WorkflowTemplate:
    """
    Store a new version of a template; unchanged content creates none.

    :param edited_version: the version that the author edited, if known.
    :param sections: what no version keeps, by name; others are left alone.
    :param saved_before: what is wrong with it already is accepted; by default the latest version.
    :raises NotFound: if there is no such template.
    :raises Conflict: if `edited_version` is no longer the latest one.
    :raises Invalid: naming what is wrong now, or a runner that does not exist.
    """
    template = lock_template(template_id)
    if edited_version not in {None, template.version}:
        raise Conflict(STALE.format(edited_version, template.version))
    latest = spec_of(template)
    store_sections(template, sections, spec, by=by)
    if _is_same(latest, spec):
        return template
    check_template(spec, kinds_of_runners(), saved=saved_before or latest)
    for name, value in _columns(spec).items():
        setattr(template, name, value)
    template.version += 1
    template.save()
    template.steps.all().delete()
    _store_steps(template, spec.steps)
    _store_version(template, spec, by=by)
    return template


@transaction.atomic
def change_template(
    template_id: int,
    data: Mapping[str, Any],
    *,
    edited_version: int | None = None,
    by: Actor = NOBODY,
) -> WorkflowTemplate:
    """
    Store a new version with the fields and sections that are given; the others are kept.

    Parameters and errors as in `replace_template`.
    """
    content, sections = split_sections(data)
    kept = plain(spec_of(lock_template(template_id)))
    spec = parse_template({**kept, **content})
    return replace_template(
        template_id, spec, edited_version=edited_version, sections=sections, by=by
    )


def lock_template(template_id: int) -> WorkflowTemplate:
    """
    Lock a template: no other transaction can change or expand it until this one ends.

    :raises NotFound: if there is no such template.
    """
    try:
        with locking("workflow template", template_id):
            return WorkflowTemplate.objects.select_for_update(no_key=True).get(pk=template_id)
    except WorkflowTemplate.DoesNotExist:
        raise NotFound("workflow template", template_id) from None


def spec_of(template: WorkflowTemplate) -> TemplateSpec:
    """Return a stored template as plain data; two statements."""
    # Not by prefetch_related(): it lists every id in its statement, which SQLite limits.
    edges = StepDependency.objects.filter(step__template=template).order_by("pk")
    upstream: dict[int, list[str]] = defaultdict(list)
    for step, depends_on in edges.values_list("step_id", "depends_on__step_id"):
        upstream[step].append(depends_on)
    steps = template.steps.select_related("runner")
    return TemplateSpec(
        template.name,
        tuple(_step_spec(step, upstream[step.pk]) for step in steps),
        template.description,
        template.approver_must_differ,
        template.approval_lasts,
        template.parameters_schema,
    )


def _columns(spec: TemplateSpec) -> dict[str, Any]:
    """Return what a template has besides its steps."""
    return {each.name: getattr(spec, each.name) for each in fields(spec) if each.name != "steps"}


def _step_spec(step: TemplateStep, depends_on: Iterable[str]) -> StepSpec:
    return StepSpec(
        step.step_id,
        step.title,
        tuple(depends_on),
        step.runner.name if step.runner else None,
        step.payload,
        step.timeout_seconds,
        step.requires_approval,
    )


def _is_same(one: TemplateSpec, other: TemplateSpec) -> bool:
    # As JSON text, because True == 1 in Python.
    first, second = (json.dumps(asdict(spec), sort_keys=True) for spec in (one, other))
    return first == second


def _store_version(template: WorkflowTemplate, spec: TemplateSpec, *, by: Actor) -> None:
    TemplateVersion.objects.create(
        template=template,
        number=template.version,
        content=plain(spec),
        saved_by=by.name,
        saved_by_user=by.user,
    )


def _store_steps(template: WorkflowTemplate, steps: Iterable[StepSpec]) -> None:
    runners = runners_by_name(steps)
    rows = TemplateStep.objects.bulk_create(
        TemplateStep(
            template=template,
            step_id=step.step_id,
            title=step.title,
            position=position,
            runner=runners[step.runner] if step.runner else None,
            payload=step.payload,
            timeout_seconds=step.timeout_seconds,
            requires_approval=step.requires_approval,
        )
        for position, step in enumerate(steps)
    )
    by_step_id = {row.step_id: row for row in rows}
    StepDependency.objects.bulk_create(
        StepDependency(step=by_step_id[step.step_id], depends_on=by_step_id[parent])
        for step in steps
        for parent in step.depends_on
    )


def runners_by_name(steps: Iterable[StepSpec]) -> dict[str, Runner]:
    """
    Return the runners that steps name; one statement.

    :raises Invalid: naming each that does not exist, with its step.
    """
    wanted = {step.runner: step.step_id for step in steps if step.runner}
    found = Runner.objects.in_bulk(list(wanted), field_name="name")
    if missing := [name for name in wanted if name not in found]:
        texts = unknown_runners(missing)
        wrong = [f"step '{wanted[name]}': runner: {texts[name]}" for name in missing]
        raise Invalid({"steps": wrong})
    return found
