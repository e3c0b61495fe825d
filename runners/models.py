"""Runners as database rows, which operators edit."""

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.utils import timezone

from runners import credentials, local, transaction
from runners.base import RunnerAddress, RunnerBackend
from runners.callbacks import callback_url
from runners.conf import setting
from runners.fields import ReadableJSONField
from runners.jobs import OWN_SETTINGS
from runners.kinds import backend_of, errors_of, kinds_calling_back

CALLS_BACK_WITHIN = timedelta(minutes=5)
"""A host whose first callback takes longer is named: probably it cannot reach the site."""
FIRST_REST = timedelta(seconds=10)
LONGEST_REST = timedelta(minutes=5)

MAX_CAPACITY = 2**31 - 1
"""The largest number in its column."""
QUEUE_VALIDATORS = [
    RegexValidator(r"\A[\w.:-]+\Z", "A queue's name has letters, digits and . _ : - only.")
]


def check_kind(kind: str) -> None:
    """
    Accept a kind that this installation has a backend for, and can use.

    :raises ValidationError: naming the kinds that exist, or what is missing.
    """
    if kind not in setting("RUNNER_BACKENDS"):
        known = ", ".join(sorted(setting("RUNNER_BACKENDS")))
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
    secret_names = ReadableJSONField(
        default=list,
        db_default=[],
        blank=True,
        validators=[check_secret_names],
        help_text=(
            "Names of variables in the environment of its executor, such as DEPLOY_TOKEN: "
            "commands get them, and their values are masked in logs, results and messages."
        ),
    )
    # Its kind declares what may stand in these two, and they are written through its checks.
    options = ReadableJSONField(
        default=dict,
        db_default={},
        blank=True,
        editable=False,
        help_text="What else its kind needs, by name.",
    )
    credentials = ReadableJSONField(
        default=dict,
        db_default={},
        blank=True,
        editable=False,
        help_text="Secrets that its kind needs, by name, each encrypted.",
    )
    is_enabled = models.BooleanField(
        "enabled", default=True, help_text="A disabled runner is given no new tasks."
    )
    is_default = models.BooleanField(
        "default",
        default=False,
        help_text="Steps without a runner use it. Making this one the default releases the other.",
    )
    first_submitted_at = models.DateTimeField(null=True, editable=False)
    """When a host that calls back first accepted an attempt."""
    called_back_at = models.DateTimeField(null=True, editable=False)
    """When its first callback was accepted; empty: none has been."""
    unavailable_since = models.DateTimeField(null=True, editable=False)
    """Since when it has taken nothing, whenever it was called; empty: it has taken the last one."""
    rests_until = models.DateTimeField(null=True, editable=False)
    """Until then, only people call a runner that has taken nothing."""
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
        """Store the runner, and call it again if it rests; a new default replaces the old one."""
        self.unavailable_since = self.rests_until = None
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
        """
        The part of this row that a backend needs.

        :raises RunnerUnavailable: if a credential cannot be decrypted.
        """
        return self._address(credentials.decrypted(self.credentials))

    def _address(self, decrypted: Mapping[str, str]) -> RunnerAddress:
        return RunnerAddress(
            name=self.name,
            kind=self.kind,
            url=self.url,
            queue=self.queue,
            options=self.options,
            credentials=decrypted,
        )

    @property
    def credentials_set(self) -> list[str]:
        """The names of its credentials, which may be shown."""
        return sorted(self.credentials)

    @property
    def known_secrets(self) -> dict[str, str]:
        """Its credentials, to mask them; those that cannot be decrypted are left out."""
        return credentials.readable(self.credentials)

    def enter_credentials(self, entered: Mapping[str, str | None]) -> None:
        """
        Encrypt what a user has entered; an empty value removes a credential, others stay.

        :raises ValidationError: if SECRETS_KEYS are wrong.
        """
        kept = {name: value for name, value in self.credentials.items() if name not in entered}
        new = {name: value for name, value in entered.items() if value}
        self.credentials = kept | credentials.encrypted(new)

    def note_first(self, moment: str) -> None:
        """Store the present in `first_submitted_at` or `called_back_at`, unless it is set."""
        if getattr(self, moment) is None:
            setattr(self, moment, now := timezone.now())
            Runner.objects.filter(pk=self.pk, **{moment: None}).update(**{moment: now})

    def note_unavailable(self) -> None:
        """Have it called by people alone for a while: as long again as it has taken nothing."""
        now = timezone.now()
        since = self.unavailable_since or now
        self._rest(since, now + min(max(now - since, FIRST_REST), LONGEST_REST))

    def note_available(self) -> None:
        """Have it called whenever there is something for it."""
        if self.unavailable_since:
            self._rest(None, None)

    def _rest(self, since: datetime | None, until: datetime | None) -> None:
        self.unavailable_since, self.rests_until = since, until
        Runner.objects.filter(pk=self.pk).update(unavailable_since=since, rests_until=until)

    @property
    def is_resting(self) -> bool:
        """True if it has just taken nothing, and is left alone for a while."""
        return bool(self.rests_until and self.rests_until > timezone.now())

    @property
    def has_rested(self) -> bool:
        """True if it took nothing the last time, and may be called again."""
        return bool(self.unavailable_since) and not self.is_resting

    @property
    def calls_back(self) -> bool:
        """True if its host reports by itself; False also if its kind is not installed any more."""
        return self.kind in kinds_calling_back()

    @property
    def never_calls_back(self) -> bool:
        """True if its host has had attempts for minutes and no callback has ever been accepted."""
        if self.called_back_at or not self.first_submitted_at or not self.calls_back:
            return False
        return self.first_submitted_at < timezone.now() - CALLS_BACK_WITHIN

    @property
    def callback_question(self) -> str:
        """Where its host is told to call back, and what to look at if it never does."""
        address = callback_url(0).replace("/tasks/0/", "/tasks/…/")
        return (
            f"it is told to call {address} – "
            "is that address right (PUBLIC_BASE_URL), can the host reach it?"
        )

    def clean(self) -> None:
        """
        Check what depends on the kind; credentials that cannot be decrypted count as not set.

        :raises ValidationError: by field.
        """
        try:
            if self.url:
                check_url(self.url)
        except ValidationError:
            return  # the field's own validator reports it
        if self.kind in setting("RUNNER_BACKENDS") and (
            errors := errors_of(self._address(self.known_secrets))
        ):
            raise ValidationError(errors)
