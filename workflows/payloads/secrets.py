"""Secrets: sent to runners only, and masked wherever something is stored or shown."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from workflows.models import TaskAttempt

MASK = "********"
PLACEHOLDER_START = "⟦secret:"
PLACEHOLDER = PLACEHOLDER_START + "{}⟧"
"""Replaces a secret parameter in stored payloads; the secret is inserted for the runner only."""


def placeholders(secrets: Iterable[str]) -> dict[str, str]:
    """Return the placeholder of each secret, by name."""
    return {name: PLACEHOLDER.format(name) for name in secrets}


def revealed(attempt: TaskAttempt) -> dict[str, Any]:
    """Return the payload with its secrets, for the runner only; never store or show it."""
    payload: dict[str, Any] = attempt.payload
    secrets = attempt.task.run.secrets if attempt.task.run else {}
    if not secrets:
        return payload
    values = {PLACEHOLDER.format(name): value for name, value in secrets.items()}
    revealed_payload: dict[str, Any] = _replaced(payload, values)
    return revealed_payload


def secrets_of(attempt: TaskAttempt) -> list[str]:
    """Return the secret values: of the run's parameters, of the runner and its environment."""
    run, runner = attempt.task.run, attempt.runner
    secrets = list(run.secrets.values()) if run else []
    if runner:
        secrets += [os.environ.get(name, "") for name in runner.secret_names]
        secrets += runner.known_secrets.values()
    return secrets


def masked(value: Any, secrets: Iterable[str]) -> Any:
    """Return a text, or JSON data, with all secret values masked."""
    values = longest_first(secrets)
    return _replaced(value, dict.fromkeys(values, MASK)) if _contains(value, values) else value


def longest_first(secrets: Iterable[str]) -> list[str]:
    """Return the non-empty values, a longer one before any that it contains."""
    return sorted({value for value in secrets if value}, key=len, reverse=True)


def _contains(value: Any, texts: Iterable[str]) -> bool:
    if isinstance(value, str):
        return any(text in value for text in texts)
    return any(_contains(child, texts) for child in _json_children(value))


def _json_children(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else ()


def _replaced(value: Any, texts: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        for old, new in texts.items():
            value = value.replace(old, new)
        return value
    if isinstance(value, dict):
        return {_replaced(key, texts): _replaced(child, texts) for key, child in value.items()}
    return [_replaced(child, texts) for child in value] if isinstance(value, list) else value


class Mask:
    """Masks secrets in a text that arrives in pieces, also across their boundaries."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Begin with no text held back."""
        self._secrets = longest_first(secrets)
        self._held = ""

    def pass_on(self, text: str, *, final: bool = False) -> str:
        """Return the masked text; an end that may begin a secret is held back for the next call."""
        if not self._secrets:
            return text
        text = self._held + text
        cut = len(text) if final else self._cut(text)
        self._held = text[cut:]
        return str(masked(text[:cut], self._secrets))

    @property
    def longest(self) -> int:
        """The length of the longest secret."""
        return len(self._secrets[0]) if self._secrets else 0

    def drop_held(self) -> int:
        """Drop what is held back: the text goes on elsewhere; return how many characters."""
        dropped, self._held = len(self._held), ""
        return dropped

    def _cut(self, text: str) -> int:
        cut = min(_end_without_prefix_of(text, secret) for secret in self._secrets)
        while (earlier := min(_start_of_secret_across(text, s, cut) for s in self._secrets)) < cut:
            cut = earlier
        return cut


def _end_without_prefix_of(text: str, secret: str) -> int:
    """Return the length of the text without a prefix of the secret at its end."""
    longest = min(len(secret) - 1, len(text))
    found = next((n for n in range(longest, 0, -1) if text.endswith(secret[:n])), 0)
    return len(text) - found


def _start_of_secret_across(text: str, secret: str, cut: int) -> int:
    """Return where a secret begins that the cut would divide; the cut itself if there is none."""
    found = text.find(secret, max(0, cut - len(secret) + 1), cut + len(secret) - 1)
    return found if 0 <= found < cut else cut
