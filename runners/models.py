"""Where tasks are executed, as rows that an operator edits."""

import re
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models, transaction
from django.utils.module_loading import import_string

from runners import celery
from runners.base import RunnerAddress, RunnerBackend


class RunnerKind(models.TextChoices):
    """What a runner is."""

    LOCAL = "local"
    """This machine, by `manage.py local_runner` or `run_workflow`."""
    HTTP = "http"
    """A program on another host that speaks the host-runner protocol."""
    CELERY = "celery"
    """Workers on any machines that have the code and the database, fed through a queue."""


QUEUE_VALIDATORS = [
    RegexValidator(r"\A[\w.:-]+\Z", "A queue's name has letters, digits and . _ : - only.")
]


def check_kind(kind: str) -> None:
    """
    Accept a kind that this installation has a backend for.

    :raises ValidationError: naming the kinds there are.
    """
    if kind not in settings.RUNNER_BACKENDS:
        known = ", ".join(sorted(settings.RUNNER_BACKENDS))
        raise ValidationError(f"runners of kind '{kind}' are not available here; use: {known}")
    if kind == RunnerKind.CELERY and not celery.is_installed():
        raise ValidationError(celery.NOT_INSTALLED)


def check_url(url: str) -> None:
    """
    Accept the http(s) address of a host, which need not be known to the whole internet.

    :raises ValidationError: also for one with a password, which everybody would see.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not url.isascii() or not url.isprintable() or " " in url:
        raise ValidationError("Give an http or https url, such as http://gpu-1:9000")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValidationError("Give the url without a password, a ? and a #.")


OWN_SETTINGS = {"CELERY_BROKER_URL", "DATABASE_URL", "SECRET_KEY"}
MOST_SECRETS = 100
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def check_secret_names(names: object) -> None:
    """
    Accept a list of names of environment variables, none of them of this installation's own.

    :raises ValidationError: naming what is none.
    """
    if not isinstance(names, list) or len(names) > MOST_SECRETS:
        raise ValidationError('Give a list of names, such as ["DEPLOY_TOKEN"].')
    for name in names:
        if not isinstance(name, str) or not VARIABLE.fullmatch(name):
            raise ValidationError(f"{name!r} is no name of an environment variable.")
        if name in OWN_SETTINGS:
            raise ValidationError(f"{name} is a secret of this installation, not of its tasks.")


class Runner(models.Model):
    """Where attempts are executed."""

    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(
        max_length=20,
        default=RunnerKind.LOCAL,
        validators=[check_kind],
        help_text=(
            "local: this machine, by manage.py local_runner. http: another host, at its url. "
            "celery: workers on any machines, through their queue."
        ),
    )
    url = models.CharField(
        max_length=500,
        blank=True,
        validators=[check_url],
        help_text="Of a runner of kind http: where it listens, such as http://gpu-1:9000",
    )
    queue = models.CharField(
        max_length=100,
        blank=True,
        validators=QUEUE_VALIDATORS,
        help_text="Of a runner of kind celery: the queue of its workers; empty: 'celery'.",
    )
    capacity = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text="How many attempts it takes at a time; empty: any number.",
    )
    secret_names = models.JSONField(
        default=list,
        db_default=[],
        blank=True,
        validators=[check_secret_names],
        help_text=(
            "Names of variables in the environment of its executor, such as DEPLOY_TOKEN: "
            "commands get them, and their values are masked in logs, results and messages."
        ),
    )
    is_enabled = models.BooleanField(
        "enabled", default=True, help_text="A disabled runner is given no new tasks."
    )
    is_default = models.BooleanField(
        "default",
        default=False,
        help_text="Steps without a runner use it. Making this one the default releases the other.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"],
                condition=models.Q(is_default=True),
                name="runner_at_most_one_default",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store the runner; a new default takes over from the old one."""
        with transaction.atomic():
            if self.is_default:
                # Whoever names a default waits for others who do so, and then sees theirs.
                list(Runner.objects.select_for_update(no_key=True).order_by("pk"))
                others = Runner.objects.filter(is_default=True).exclude(pk=self.pk)
                others.update(is_default=False)
            super().save(*args, **kwargs)

    def validate_constraints(self, exclude: Any = None) -> None:
        """Check all but the single default, which `save` brings about itself."""
        super().validate_constraints(exclude={*(exclude or ()), "is_default"})

    @property
    def backend(self) -> RunnerBackend:
        """How attempts reach this runner."""
        return _backend(settings.RUNNER_BACKENDS[self.kind])

    @property
    def address(self) -> RunnerAddress:
        """What a backend needs to know of this runner."""
        return RunnerAddress(name=self.name, kind=self.kind, url=self.url, queue=self.queue)

    def clean(self) -> None:
        """
        Check what only some kinds of runners have.

        :raises ValidationError: naming the field.
        """
        if self.kind == RunnerKind.HTTP and not self.url:
            raise ValidationError({"url": "A runner of kind http needs the url where it listens."})
        if self.kind != RunnerKind.HTTP and self.url:
            raise ValidationError({"url": "Only runners of kind http have a url."})
        if self.kind != RunnerKind.CELERY and self.queue:
            raise ValidationError({"queue": "Only runners of kind celery have a queue."})


@cache
def _backend(path: str) -> RunnerBackend:
    backend: RunnerBackend = import_string(path)()
    return backend
