"""Runners as database rows, which operators edit."""

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models, transaction

from runners import local
from runners.base import RunnerAddress, RunnerBackend
from runners.kinds import backend_of, errors_of

QUEUE_VALIDATORS = [
    RegexValidator(r"\A[\w.:-]+\Z", "A queue's name has letters, digits and . _ : - only.")
]


def check_kind(kind: str) -> None:
    """
    Accept a kind that this installation has a backend for, and can use.

    :raises ValidationError: naming the kinds that exist, or what is missing.
    """
    if kind not in settings.RUNNER_BACKENDS:
        known = ", ".join(sorted(settings.RUNNER_BACKENDS))
        raise ValidationError(f"runners of kind '{kind}' are not available here; use: {known}")
    if why := backend_of(kind).unavailable():
        raise ValidationError(why)


def check_url(url: str) -> None:
    """
    Accept the address of a host, which need not be public; the kind checks its scheme.

    :raises ValidationError: if it is not a URL, or has a password, which everybody would see.
    """
    try:
        parts = urlsplit(url)
        is_address = parts.scheme and parts.hostname and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address or not url.isascii() or not url.isprintable() or " " in url:
        raise ValidationError("Give a url with scheme and host, such as http://gpu-1:9000")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValidationError("Give the url without a password, a ? and a #.")


OWN_SETTINGS = {"CELERY_BROKER_URL", "DATABASE_URL", "SECRET_KEY"}
MOST_SECRETS = 100
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")


def check_secret_names(names: object) -> None:
    """
    Accept a list of names of environment variables, except those with secrets of the installation.

    :raises ValidationError: naming the first wrong one.
    """
    if not isinstance(names, list) or len(names) > MOST_SECRETS:
        raise ValidationError('Give a list of names, such as ["DEPLOY_TOKEN"].')
    for name in names:
        if not isinstance(name, str) or not VARIABLE.fullmatch(name):
            raise ValidationError(f"{name!r} is not a valid environment variable name.")
        if name in OWN_SETTINGS:
            raise ValidationError(f"{name} is a secret of this installation; tasks cannot have it.")


class Runner(models.Model):
    """Where attempts are executed."""

    # The admin's form shows the help texts of the kinds of this installation instead of those of
    # `kind`, `url` and `queue`; to change these would need a migration.
    name = models.CharField(max_length=100, unique=True)
    kind = models.CharField(
        max_length=20,
        default=local.KIND,
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
        """Store the runner; a new default replaces the old one."""
        with transaction.atomic():
            if self.is_default:
                # A transaction that saves a default waits here for others that do, and then sees
                # their row.
                list(Runner.objects.select_for_update(no_key=True).order_by("pk"))
                others = Runner.objects.filter(is_default=True).exclude(pk=self.pk)
                others.update(is_default=False)
            super().save(*args, **kwargs)

    def validate_constraints(self, exclude: Any = None) -> None:
        """Check all constraints but the single default, which `save` ensures."""
        super().validate_constraints(exclude={*(exclude or ()), "is_default"})

    @property
    def backend(self) -> RunnerBackend:
        """How attempts reach this runner."""
        return backend_of(self.kind)

    @property
    def address(self) -> RunnerAddress:
        """The part of this row that a backend needs."""
        return RunnerAddress(name=self.name, kind=self.kind, url=self.url, queue=self.queue)

    def clean(self) -> None:
        """
        Check what depends on the kind.

        :raises ValidationError: by field.
        """
        try:
            if self.url:
                check_url(self.url)
        except ValidationError:
            return  # the field's own validator reports it
        if self.kind in settings.RUNNER_BACKENDS and (errors := errors_of(self.address)):
            raise ValidationError(errors)
