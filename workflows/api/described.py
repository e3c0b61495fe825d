"""Says about a view's method what the OpenAPI document cannot read from its code."""

from collections.abc import Callable
from typing import Any, TypeVar

from drf_spectacular.utils import extend_schema

from workflows.api.document import DescribedSchema

Method = TypeVar("Method", bound=Callable[..., Any])


def described(**said: Any) -> Callable[[Method], Method]:
    """Decorate like `extend_schema`, also where `DEFAULT_SCHEMA_CLASS` is the project's own."""

    def decorate(method: Method) -> Method:
        known: dict[str, Any] = getattr(method, "kwargs", {})
        method.kwargs = {"schema": DescribedSchema, **known}  # type: ignore[attr-defined]
        return extend_schema(**said)(method)

    return decorate
