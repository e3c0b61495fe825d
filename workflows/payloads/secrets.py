"""Secret values: kept in one place, told to runners only, masked wherever something is shown."""

import os
from collections.abc import Iterable, Mapping
from typing import Any

from workflows.models import TaskAttempt

MASK = "********"
MARK_BEGINS = "⟦secret:"
MARK = MARK_BEGINS + "{}⟧"
"""Stands for a secret parameter in payloads, from the dispatch until a runner is told of it."""


def marks(secrets: Iterable[str]) -> dict[str, str]:
    """Return what stands for each secret in a payload."""
    return {name: MARK.format(name) for name in secrets}


def revealed(attempt: TaskAttempt) -> dict[str, Any]:
    """Return the payload of an attempt as its runner gets it; never to be stored or shown."""
    payload: dict[str, Any] = attempt.payload
    secrets = attempt.task.run.secrets if attempt.task.run else {}
    if not secrets:
        return payload
    told: dict[str, Any] = _replaced(payload, {MARK.format(n): v for n, v in secrets.items()})
    return told


def secrets_of(attempt: TaskAttempt) -> list[str]:
    """Return the values that nobody may see: of the run's parameters, and of the environment."""
    run, runner = attempt.task.run, attempt.runner
    named = runner.secret_names if runner else []
    return [*(run.secrets.values() if run else ()), *(os.environ.get(name, "") for name in named)]


def masked(value: Any, secrets: Iterable[str]) -> Any:
    """Return a text, or all the texts in JSON, without the values of secrets."""
    values = in_order(secrets)
    return _replaced(value, dict.fromkeys(values, MASK)) if _contains(value, values) else value


def in_order(secrets: Iterable[str]) -> list[str]:
    """Return the values to be masked: a longer one before another that it contains."""
    return sorted({value for value in secrets if value}, key=len, reverse=True)


def _contains(value: Any, texts: Iterable[str]) -> bool:
    if isinstance(value, str):
        return any(text in value for text in texts)
    return any(_contains(child, texts) for child in _children(value))


def _children(value: Any) -> Iterable[Any]:
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
    """Takes secrets out of a text that comes in pieces, wherever the pieces are cut."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Begin with nothing held back."""
        self._secrets = in_order(secrets)
        self._held = ""

    def pass_on(self, text: str, *, final: bool = False) -> str:
        """Return what can be shown; what may be the beginning of a secret waits for the rest."""
        if not self._secrets:
            return text
        text = self._held + text
        cut = len(text) if final else self._cut(text)
        self._held = text[cut:]
        return str(masked(text[:cut], self._secrets))

    def _cut(self, text: str) -> int:
        cut = min(_without_beginning(text, secret) for secret in self._secrets)
        while (earlier := min(_start_across(text, s, cut) for s in self._secrets)) < cut:
            cut = earlier
        return cut


def _without_beginning(text: str, secret: str) -> int:
    """Return where the text ends if the beginning of a secret at its end is left out."""
    longest = min(len(secret) - 1, len(text))
    found = next((n for n in range(longest, 0, -1) if text.endswith(secret[:n])), 0)
    return len(text) - found


def _start_across(text: str, secret: str, cut: int) -> int:
    """Return where a whole secret begins that a cut would divide; the cut, if there is none."""
    found = text.find(secret, max(0, cut - len(secret) + 1), cut + len(secret) - 1)
    return found if 0 <= found < cut else cut
