"""The forms and links of a page, and what a browser sends with them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser


@dataclass
class PageForm:
    """A form: where it goes, its values, and the buttons and actions that it offers."""

    method: str
    action: str
    values: dict[str, list[str]] = field(default_factory=dict)
    texts: set[str] = field(default_factory=set)
    buttons: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)

    def sent(self, text: str) -> Iterator[dict[str, list[str]]]:
        """Yield what each button and each action sends, with one text in all fields."""
        filled = {**self.values, **{name: [text] for name in self.texts}}
        filled |= {name: values[:1] for name, values in self.choices.items()}
        actions = [{"action": [each]} for each in self.choices.get("action", []) if each] or [{}]
        for action in actions:
            for button in self.buttons or [("", "")]:
                yield {**filled, **({button[0]: [button[1]]} if button[0] else {}), **action}


class PageReader(HTMLParser):
    """Reads the links and forms of a page."""

    def __init__(self, html: str) -> None:
        """Read a page."""
        super().__init__()
        self.links: list[str] = []
        self.forms: list[PageForm] = []
        self._form: PageForm | None = None
        self._select = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a link, a form or a field."""
        of = {name: value or "" for name, value in attrs}
        if tag == "a" and of.get("href"):
            self.links.append(of["href"])
        elif tag == "form":
            self._form = PageForm(of.get("method", "get").lower(), of.get("action", ""))
            self.forms.append(self._form)
        elif self._form and tag == "option" and self._select:
            self._form.choices.setdefault(self._select, []).append(of.get("value", ""))
        elif self._form and of.get("name"):
            self._field(self._form, tag, of)

    def handle_endtag(self, tag: str) -> None:
        """End a form or a list of options."""
        if tag == "form":
            self._form = None
        if tag == "select":
            self._select = ""

    def _field(self, form: PageForm, tag: str, of: dict[str, str]) -> None:
        name, kind = of["name"], of.get("type", "submit" if tag == "button" else "text")
        if tag == "select":
            self._select = name
        elif kind == "submit":
            form.buttons.append((name, of.get("value", "")))
        elif kind in {"hidden", "checkbox", "radio"}:
            form.values.setdefault(name, []).append(of.get("value", "on"))
        elif kind != "file":
            form.texts.add(name)
