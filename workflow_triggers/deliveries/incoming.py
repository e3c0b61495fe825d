"""What arrives at a webhook, and what expressions see of it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from runners.encryption import decrypt, encrypt
from runners.kept_values import has_more_items
from workflows.authoring.yaml_json import short_int, unique_keys
from workflows.errors import WorkflowError

MOST_ITEMS = 50_000
"""Values of a body: as many as 256 kB may hold of an ordinary one."""
FORM = "application/x-www-form-urlencoded"
NOT_JSON = "The body is not valid JSON"
MOST_FIELDS = 200
SENSITIVE = {
    "authorization",
    "cookie",
    "proxy-authorization",
    "x-api-key",
    "x-gitlab-token",
    "x-hub-signature",
    "x-hub-signature-256",
}
"""Headers that no expression sees, and that are not kept."""


class BadBody(WorkflowError):
    """The body, or the query behind the address, cannot be read."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request, as it came."""

    body: bytes
    headers: Mapping[str, str]
    """By their names in small letters."""
    query: str = ""
    sender: str = ""
    """Its address."""

    def names(self) -> dict[str, Any]:
        """
        Return what expressions see: `body`, `headers` and `query`.

        :raises BadBody: saying what is wrong with it.
        """
        shown = {name: text for name, text in self.headers.items() if name not in SENSITIVE}
        query = _unique_fields(self.query, "the query of the address")
        return {"body": self._object(), "headers": shown, "query": query}

    def encrypted(self) -> str:
        """Return what is kept to be delivered again."""
        shown = {name: text for name, text in self.headers.items() if name not in SENSITIVE}
        # As it came: JSON that is written anew is another text.
        content = [self.body.decode("utf-8", "replace"), shown, self.query, self.sender]
        return encrypt(json.dumps(content))

    @classmethod
    def decrypted(cls, token: str) -> "Incoming | None":
        """Return what was kept; None if the present SECRETS_KEYS cannot read it."""
        if (content := decrypt(token)) is None:
            return None
        body, headers, query, sender = json.loads(content)
        return cls(body.encode(), headers, query, sender)

    def _object(self) -> dict[str, Any]:
        kind = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        text = _decoded(self.body)
        if kind == FORM:
            fields = _unique_fields(text, "the form")
            if "payload" not in fields:
                raise BadBody("The form has no field 'payload', which must hold JSON.")
            text = fields["payload"]
        elif kind not in {"", "application/json"} and not kind.endswith("+json"):
            raise BadBody(
                f"The body must be JSON (Content-Type: application/json), or a form with the field "
                f"'payload', not {kind[:100]}."
            )
        return _parsed(text) if text.strip() else {}


def _decoded(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise BadBody(f"{NOT_JSON}: it is not text in UTF-8.") from None


def _parsed(text: str) -> dict[str, Any]:
    if has_more_items(text, MOST_ITEMS):
        raise BadBody(f"The body has more than {MOST_ITEMS:,} values.")
    try:
        found = json.loads(
            text,
            object_pairs_hook=unique_keys,
            parse_int=short_int,
            parse_constant=_refuse_constant,
        )
    except RecursionError:
        raise BadBody(f"{NOT_JSON}: nested too deeply.") from None
    except ValueError as exc:
        raise BadBody(f"{NOT_JSON}: {exc}.") from None
    if not isinstance(found, dict):
        raise BadBody('The body must be a JSON object, such as {"name": "value"}.')
    return found


def _refuse_constant(word: str) -> None:
    raise ValueError(f"{word} is not a number in JSON")


def _unique_fields(text: str, what: str) -> dict[str, str]:
    try:
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=MOST_FIELDS)
    except UnicodeDecodeError:
        raise BadBody(f"{what.capitalize()} is not text in UTF-8.") from None
    except ValueError:
        raise BadBody(f"{what.capitalize()} has more than {MOST_FIELDS} fields.") from None
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise BadBody(f"{twice[:100]!r} comes twice in {what}.")
    return fields
