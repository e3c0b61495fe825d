"""Reads the forms of a page, with what each of their buttons and actions would send."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any


@dataclass
class Form:
    """A form as it would be sent unchanged, and its buttons."""

    url: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    actions: list[str] = field(default_factory=list)
    """The actions of a list for the selected rows."""

    def clicks(self) -> Iterator[dict[str, list[str]]]:
        """Yield what each button and action would send; all rows of a list are selected."""
        for name, value in self.buttons or [("", "")]:
            yield {**self.values, name: [value]}
        for action in self.actions:
            yield {**self.values, "action": [action], "index": ["0"], "confirmed": ["1"]}


class FormReader(HTMLParser):
    """Collects the forms of a page."""

    def __init__(self, url: str) -> None:
        """Begin without forms; a form without an action is sent to the page itself."""
        super().__init__()
        self.forms: list[Form] = []
        self._url = url
        self._by_id: dict[str, Form] = {}
        self._open: Form | None = None
        self._named = ""
        self._is_text = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read a form, a field or a button."""
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            method = has.get("method", "get").lower()
            self._open = Form(has.get("action") or self._url, method)
            self.forms.append(self._open)
            self._by_id[has.get("id", "")] = self._open
        # A field may belong to a form before the one that it stands in.
        form = self._by_id[has["form"]] if "form" in has else self._open
        if form is None:
            return
        name = has.get("name", "")
        if tag in {"select", "textarea"}:
            self._named, self._is_text = name, tag == "textarea"
            form.values.setdefault(name, [])
        elif tag == "option":
            self._take_option(form, has)
        elif tag == "button" or has.get("type") == "submit":
            form.buttons.append((name, has.get("value", "")))
        elif tag == "input" and (has.get("type") != "checkbox" or self._is_on(has)):
            form.values.setdefault(name, []).append(has.get("value", "on"))

    def handle_endtag(self, tag: str) -> None:
        """End a form or a field."""
        if tag == "form":
            self._open = None
        if tag in {"select", "textarea"}:
            self._named, self._is_text = "", False

    def handle_data(self, data: str) -> None:
        """Read the text of a field."""
        if self._is_text and self._open:
            self._open.values[self._named].append(data)

    def _take_option(self, form: Form, has: dict[str, str]) -> None:
        if self._named == "action" and has.get("value"):
            form.actions.append(has["value"])
        elif "selected" in has or not form.values[self._named]:
            form.values[self._named] = [has.get("value", "")]

    @staticmethod
    def _is_on(has: dict[str, str]) -> bool:
        return "checked" in has or has.get("name") == "_selected_action"


def forms_of(answer: Any) -> list[Form]:
    """Return the forms of a page that change something: those that are posted."""
    reader = FormReader(answer.wsgi_request.get_full_path())
    reader.feed(answer.getvalue().decode())
    return [form for form in reader.forms if form.method == "post"]
