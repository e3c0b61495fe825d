"""How long messages, reasons and notes may be: the log of an attempt has the whole text."""

from typing import TYPE_CHECKING, Any

from django.db import models

if TYPE_CHECKING:
    Text = models.TextField[str, str]
else:
    Text = models.TextField

LONGEST_MESSAGE = 4_000
"""Characters of a message, a reason or a note that are stored and shown."""
LONGEST_REASON = 500
"""Characters of a reason that is repeated for each task which waits because of it."""
IN_LOG = "are in the log"


def cut(text: str, *, most: int = LONGEST_MESSAGE, rest: str = "are not shown") -> str:
    """
    Return a text, or the beginning of one that is too long, and how much is missing.

    What was cut is shorter than `most` by a quarter, so that words may be put before or after it.

    :param rest: says where the missing characters are.
    """
    if len(text) <= most:
        return text
    kept = most * 3 // 4
    return f"{text[:kept]}… ({len(text) - kept:,} more characters {rest})"


def cut_texts(value: Any, *, most: int = LONGEST_MESSAGE) -> Any:
    """Return JSON data whose texts are cut."""
    if isinstance(value, str):
        return cut(value, most=most)
    if isinstance(value, dict):
        return {key: cut_texts(child, most=most) for key, child in value.items()}
    return [cut_texts(child, most=most) for child in value] if isinstance(value, list) else value


class MessageField(Text):
    """A text for people, cut when it is stored, or read from a release that did not."""

    def get_prep_value(self, value: Any) -> Any:
        """Cut what is stored."""
        return cut_texts(super().get_prep_value(value))

    def from_db_value(self, value: Any, *_: Any) -> Any:
        """Cut what an older release has stored."""
        return cut_texts(value)

    def deconstruct(self) -> Any:
        """Return the field as Django's own: the columns are the same."""
        return as_djangos(super().deconstruct(), models.TextField)


def as_djangos(field: Any, djangos: "type[models.Field[Any, Any]]") -> Any:
    """Return a deconstructed field as one of Django's, so that no migration is needed."""
    name, _, args, kwargs = field
    return name, f"django.db.models.{djangos.__name__}", args, kwargs
