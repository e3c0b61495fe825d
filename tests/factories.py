"""Rows for tests. Templates and runs are created by the product's own code, from drawings."""

from typing import Any

import factory
from django.contrib.auth.models import User

from runners.models import Runner
from tests.support.actors import who
from tests.support.drawing import template_of
from workflows.authoring.spec import parse_template
from workflows.authoring.store import create_template
from workflows.models import Task, WorkflowRun, WorkflowTemplate
from workflows.runs.creation import create_run


class UserFactory(factory.django.DjangoModelFactory[User]):
    """A user; `is_superuser=True` for one who may do everything."""

    class Meta:
        model = User

    username = factory.Sequence(lambda n: f"user{n}")
    password = factory.django.Password("swordfish")


class RunnerFactory(factory.django.DjangoModelFactory[Runner]):
    """A runner, of kind `local` by default; not the default one."""

    class Meta:
        model = Runner

    name = factory.Sequence(lambda n: f"runner{n}")
    kind = "local"


class TemplateFactory(factory.django.DjangoModelFactory[WorkflowTemplate]):
    """A template from a drawing; every step gets the other fields that are given."""

    class Meta:
        model = WorkflowTemplate

    name = factory.Sequence(lambda n: f"template {n}")
    drawing = "extract > load"

    @classmethod
    def _create(
        cls, model_class: type[WorkflowTemplate], *_: Any, **kwargs: Any
    ) -> WorkflowTemplate:
        labels, schema = kwargs.pop("labels", {}), kwargs.pop("parameters_schema", {})
        data = {**template_of(**kwargs), "parameters_schema": schema}
        return create_template(parse_template(data), sections={"labels": labels})


class RunFactory(factory.django.DjangoModelFactory[WorkflowRun]):
    """A run, of a template or straight from a drawing."""

    class Meta:
        model = WorkflowRun

    template = factory.SubFactory(TemplateFactory)
    by = who("test")

    @classmethod
    def _create(cls, model_class: type[WorkflowRun], *_: Any, **kwargs: Any) -> WorkflowRun:
        return create_run(template_id=kwargs.pop("template").pk, **kwargs)


class TaskFactory(factory.django.DjangoModelFactory[Task]):
    """A task that is in no run yet."""

    class Meta:
        model = Task

    title = factory.Sequence(lambda n: f"task {n}")
