"""Secrets: sent to runners only, and masked wherever something is stored or shown."""

import json
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from runners import encryption
from runners.base import RunnerError
from workflows.models import TaskAttempt, WorkflowRun

MASK = "********"
PLACEHOLDER_START = "⟦secret:"
PLACEHOLDER = PLACEHOLDER_START + "{}⟧"
"""Replaces a secret parameter in stored payloads; the secret is inserted for the runner only."""
SHORTEST_LINE = 8
"""Lines of a secret with several lines are masked one by one if they have so many characters."""


class SecretsUnreadable(RunnerError):
    """Secret parameters of a run were encrypted with a key that is not among the present ones."""

    def __init__(self, run: WorkflowRun, names: Iterable[str]) -> None:
        """Name the run and its parameters."""
        unreadable = (
            "cannot be read with the present SECRETS_KEYS: add the key that they were encrypted "
            "with, or start a new run"
        )
        removed_at = run.secrets_removed_at
        removed = f"were removed on {removed_at:%Y-%m-%d}: start a new run" if removed_at else ""
        super().__init__(
            f"{' and '.join(names)}: secret parameters of {run} {removed or unreadable}"
        )


@dataclass(frozen=True, slots=True, repr=False)
class Secrets:
    """Values to be masked. Its repr does not show them."""

    texts: tuple[str, ...] = ()
    """The longest first."""
    hides_all: bool = False
    """A value cannot be read, so it cannot be found in a text either: all texts are masked."""

    def __bool__(self) -> bool:
        """Return True if there is anything to mask."""
        return bool(self.texts) or self.hides_all

    @classmethod
    def of(cls, values: Iterable[str], *, hides_all: bool = False) -> "Secrets":
        """Return the values, and their lines if they have several."""
        texts = {text for value in values for text in _forms(value) if text}
        return cls(tuple(sorted(texts, key=len, reverse=True)), hides_all)

    @property
    def longest(self) -> int:
        """The length of the longest text."""
        return len(self.texts[0]) if self.texts else 0

    def mask(self, text: str) -> str:
        """Return a text in which each secret is replaced; those that overlap by one mask."""
        return self.mask_until(len(text), text)[0]

    def mask_until(self, cut: int, text: str, covered: int = 0) -> tuple[str, int]:
        """
        Mask the beginning of a text; all that begins there ends within the text.

        :param covered: so much of the text is part of a secret that was masked before.
        :returns: the masked beginning, and where the last masked secret ends.
        """
        if self.hides_all:
            return (MASK if text[:cut] else ""), cut
        passed, end = [], covered
        for start, stop in self._places_in(text):
            if start >= cut:
                break
            if start >= end:
                passed += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*passed, text[end:cut]]), end

    def _places_in(self, text: str) -> list[tuple[int, int]]:
        return sorted(place for secret in self.texts for place in _places_of(secret, text))


def _forms(value: str) -> list[str]:
    lines = [line.strip() for line in value.splitlines()]
    long = [line for line in lines if len(line) >= SHORTEST_LINE] if len(lines) > 1 else []
    return [value, value.strip(), *long]


def _places_of(secret: str, text: str) -> Iterator[tuple[int, int]]:
    start = text.find(secret)
    while start >= 0:
        yield start, start + len(secret)
        start = text.find(secret, start + 1)


def placeholders(secrets: Iterable[str]) -> dict[str, str]:
    """Return the placeholder of each secret, by name."""
    return {name: PLACEHOLDER.format(name) for name in secrets}


def revealed(attempt: TaskAttempt) -> dict[str, Any]:
    """
    Return the payload with its secrets, for the runner only; never store or show it.

    :raises SecretsUnreadable: if a secret parameter of the run cannot be decrypted.
    """
    payload: dict[str, Any] = attempt.payload
    run = attempt.task.run
    if not run or not run.secret_names:
        return payload
    values = readable_parameters(run)
    if unreadable := [name for name in run.secret_names if name not in values]:
        raise SecretsUnreadable(run, unreadable)
    shown: dict[str, Any] = _with_secrets(
        payload, {PLACEHOLDER.format(name): value for name, value in values.items()}
    )
    return shown


def encrypted_parameters(values: dict[str, str]) -> dict[str, str]:
    """
    Return secret parameters as a run keeps them.

    :raises ValueError: if a key in SECRETS_KEYS is malformed.
    """
    return {name: encryption.encrypt(value) for name, value in values.items()}


def unreadable_parameters(run: WorkflowRun) -> list[str]:
    """Return the names of the secret parameters that the present keys cannot decrypt."""
    return sorted({*run.secret_names} - readable_parameters(run).keys())


def secrets_of(attempt: TaskAttempt) -> Secrets:
    """Return the secrets: parameters of the run, those of the runner and of its environment."""
    run, runner = attempt.task.run, attempt.runner
    values = [*readable_parameters(run).values()] if run else []
    hides_all = run is not None and len(values) < len(run.secret_names)
    if runner:
        # As the log decodes them: what is not UTF-8 becomes replacement characters.
        found = [os.environb.get(name.encode(), b"") for name in runner.secret_names]
        values += [value.decode("utf-8", "replace") for value in found]
        values += runner.known_secrets.values()
    return Secrets.of(values, hides_all=hides_all)


def masked(value: Any, secrets: Secrets | Iterable[str]) -> Any:
    """Return a text, or JSON data, with all secret values masked."""
    prepared = secrets if isinstance(secrets, Secrets) else Secrets.of(secrets)
    return _masked(value, prepared) if prepared else value


def readable_parameters(run: WorkflowRun) -> dict[str, str]:
    """Return the values of the secret parameters that the present keys can decrypt, by name."""
    found = {name: encryption.decrypt(text) for name, text in run.encrypted_secrets.items()}
    values: dict[str, str] = {name: text for name, text in found.items() if text is not None}
    return {**run.secrets, **values}


def _masked(value: Any, secrets: Secrets) -> Any:
    if isinstance(value, str):
        return secrets.mask(value)
    if isinstance(value, dict):
        return {_masked(key, secrets): _masked(child, secrets) for key, child in value.items()}
    if isinstance(value, list):
        return [_masked(child, secrets) for child in value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        shown = json.dumps(value)
        hidden = secrets.mask(shown)
        return value if hidden == shown else hidden
    return value


def _with_secrets(value: Any, values: dict[str, str]) -> Any:
    """Replace the placeholders, all at once: a secret that looks like one stays as it is."""
    if isinstance(value, str):
        pattern = "|".join(map(re.escape, values))
        return re.sub(pattern, lambda found: values[found[0]], value)
    if isinstance(value, dict):
        return {_with_secrets(k, values): _with_secrets(v, values) for k, v in value.items()}
    return [_with_secrets(child, values) for child in value] if isinstance(value, list) else value


class Mask:
    """
    Masks secrets in a text that arrives in pieces, also across their boundaries.

    The last characters are always held back, as many as the beginning of a secret can have. What
    they are makes no difference: otherwise, whoever can print a guess would see if it is right.
    """

    def __init__(self, secrets: Secrets | Iterable[str]) -> None:
        """Begin with no text held back."""
        self._secrets = secrets if isinstance(secrets, Secrets) else Secrets.of(secrets)
        self._held = ""
        self._covered = 0  # so much of it belongs to a secret whose mask was passed on

    def pass_on(self, text: str, *, final: bool = False) -> str:
        """Return the masked text, without the last characters unless this is the final piece."""
        if not self._secrets:
            return text
        text = self._held + text
        cut = len(text) if final else max(0, len(text) - max(0, self.longest - 1))
        passed, end = self._secrets.mask_until(cut, text, self._covered)
        self._held, self._covered = text[cut:], max(0, end - cut)
        return passed

    @property
    def longest(self) -> int:
        """The length of the longest secret."""
        return self._secrets.longest

    def drop_held(self) -> int:
        """Drop what is held back: the text goes on elsewhere; return how many characters."""
        dropped, self._held, self._covered = len(self._held), "", 0
        return dropped
