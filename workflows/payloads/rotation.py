"""Encrypts stored secrets with the first key: after a change of keys, and once after an upgrade."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.db.models import Q

from runners import encryption, transaction
from runners.models import Runner
from workflows.models import WorkflowRun

BATCH = 500
WITH_SECRETS = ~Q(secrets={}) | ~Q(encrypted_secrets={})
FORGOTTEN = ""
"""In the place of a secret whose key is lost: what needs it fails, and no key is missed."""
NONSENSE = "all, since what is stored is no object of texts"
NO_TEXTS = (AttributeError, TypeError)
"""What is raised about secrets that somebody has written by hand."""


@dataclass(frozen=True, slots=True)
class Rotated:
    """A run or a runner with secrets, and what was done about them."""

    owner: str
    is_changed: bool
    unreadable: list[str]
    """The names of those that none of the keys can decrypt; they stay as they are."""


def rotate_runs(*, forget: bool = False) -> Iterator[Rotated]:
    """
    Encrypt the secrets of all runs with the first key, one run after the other.

    Nothing else writes these columns of a run that exists, so no lock is needed. It can be
    interrupted at any time: what was done stays done, and is left alone the next time.

    :param forget: give up those that cannot be decrypted.
    """
    last = 0
    while batch := list(
        WorkflowRun.objects.filter(WITH_SECRETS, pk__gt=last)
        .order_by("pk")
        .only("secrets", "encrypted_secrets")[:BATCH]
    ):
        yield from (_rotate_alone(run, forget=forget) for run in batch)
        last = batch[-1].pk


def rotate_runners() -> Iterator[Rotated]:
    """Encrypt the credentials of all runners with the first key."""
    for pk in Runner.objects.exclude(credentials={}).order_by("name").values_list("pk", flat=True):
        with transaction.atomic():  # somebody may be entering new ones
            runner = Runner.objects.select_for_update(no_key=True).get(pk=pk)
            try:
                tokens, unreadable = _with_first_key(runner.credentials)
            except NO_TEXTS:
                tokens, unreadable = runner.credentials, [NONSENSE]
            if is_changed := tokens != runner.credentials:
                Runner.objects.filter(pk=pk).update(credentials=tokens)
        yield Rotated(f"runner {runner.name}", is_changed, unreadable)


def _rotate_alone(run: WorkflowRun, *, forget: bool) -> Rotated:
    """Rotate the secrets of a run; nonsense in one row leaves no other with its old key."""
    try:
        return _rotate_run(run, forget=forget)
    except NO_TEXTS:
        if forget:
            WorkflowRun.objects.filter(pk=run.pk).update(secrets={}, encrypted_secrets={})
        return Rotated(str(run), forget, [NONSENSE])


def _rotate_run(run: WorkflowRun, *, forget: bool) -> Rotated:
    plain = {name: encryption.encrypt(value) for name, value in run.secrets.items()}
    tokens, unreadable = _with_first_key(run.encrypted_secrets)
    if forget:
        tokens |= dict.fromkeys(unreadable, FORGOTTEN)
    tokens = plain | tokens
    is_changed = bool(plain) or tokens != run.encrypted_secrets
    if is_changed:
        WorkflowRun.objects.filter(pk=run.pk).update(secrets={}, encrypted_secrets=tokens)
    return Rotated(str(run), is_changed, unreadable)


def _with_first_key(tokens: dict[str, str]) -> tuple[dict[str, str], list[str]]:
    """Return tokens of the first key, and the names of those that cannot be decrypted."""
    new = {name: token and encryption.reencrypt(token) for name, token in tokens.items()}
    unreadable = sorted(name for name, token in new.items() if token is None)
    return {name: token or tokens[name] for name, token in new.items()}, unreadable
