"""
Numbers on our pages, as no language changes them: scripts, addresses and drawings read them, too.

In German, Django writes 1.5 as `1,5`, and with `USE_THOUSAND_SEPARATOR` the key 12011 as `12.011`.
"""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, TypeVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.template.context import make_context
from django.template.loader import get_template
from django.template.response import SimpleTemplateResponse
from django.urls import URLResolver
from django.utils.safestring import SafeString

Urls = TypeVar("Urls", bound=Sequence[Any])
Response = TypeVar("Response", bound=HttpResponseBase)
View = Callable[..., HttpResponseBase]


class PlainNumbers:
    """A template that writes numbers as they are, also in what it includes and extends."""

    def __init__(self, template: Any) -> None:
        """Take a template of Django's engine."""
        self.template = template

    def render(
        self, context: dict[str, Any] | None = None, request: HttpRequest | None = None
    ) -> SafeString:
        """Return the text."""
        autoescape = self.template.backend.engine.autoescape
        own = make_context(context, request, autoescape=autoescape)
        own.use_l10n = False
        return self.template.template.render(own)  # type: ignore[no-any-return]


def render_part(
    name: str, context: dict[str, Any], request: HttpRequest | None = None
) -> SafeString:
    """Return a part of a page."""
    return PlainNumbers(get_template(name)).render(context, request)


def with_plain_numbers(response: Response) -> Response:
    """Have a page that is yet to be rendered write numbers as they are."""
    if isinstance(response, SimpleTemplateResponse) and not response.is_rendered:
        response.template_name = PlainNumbers(response.resolve_template(response.template_name))
    return response


def all_with_plain_numbers(urls: Urls) -> Urls:
    """Return URLs whose pages write numbers as they are."""
    for each in urls:
        if isinstance(each, URLResolver):
            all_with_plain_numbers(each.url_patterns)
        else:
            each.callback = _plain(each.callback)
    return urls


def _plain(view: View) -> View:
    @wraps(view)
    def plain(*args: Any, **kwargs: Any) -> HttpResponseBase:
        return with_plain_numbers(view(*args, **kwargs))

    return plain
