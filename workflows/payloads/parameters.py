"""What a template says of the parameters that its runs take, and what a run was given."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import SchemaError, ValidationError

from workflows.errors import Invalid
from workflows.payloads.secrets import MASK

# JSON Schema itself takes 60.0 for an integer.
WHOLE_NUMBERS = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: type(value) is int
)
Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=WHOLE_NUMBERS
)
FORMATS = FormatChecker(("date", "email", "ipv4", "ipv6", "time", "uuid"))
NOT_AVAILABLE = ("$ref", "$dynamicRef")
"""A schema says everything itself: nothing is fetched, and nothing goes round in circles."""
NAMES_ONLY = {"required", "additionalProperties", "dependentRequired"}
"""What is wrong with an object as a whole, told without its values."""
SECRET = "writeOnly"  # noqa: S105 (JSON Schema's word for what is never shown)


def check_schema(schema: object) -> Iterator[str]:
    """Yield what is wrong with the schema of a template's parameters."""
    if not schema:
        return
    try:
        Draft202012Validator.check_schema(schema)  # type: ignore[arg-type]
    except SchemaError as exc:
        yield ": ".join(filter(None, [".".join(map(str, exc.absolute_path)), exc.message]))
        return
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        yield "the parameters are an object: say type: object, and its properties"
        return
    yield from (f"{word} is not available here" for word in _words(schema) & {*NOT_AVAILABLE})
    for name, about in properties(schema).items():
        if _is_secret(about) and about.get("type") != "string":
            yield f"{name}: a secret must be of type string"
        if "default" in about and not _is_secret(about):
            yield from (f"{name}: default: {why}" for why in _problems(about, about["default"]))
        if _is_secret(about) and "default" in about:
            yield f"{name}: a secret has no default, which everybody would see"


def take_parameters(
    schema: dict[str, Any], given: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Return the parameters as they are shown, defaults included, and apart from them the secrets.

    :raises Invalid: naming each parameter that is wrong.
    """
    if not schema:
        return given, {}
    parameters = {**_defaults(schema), **given}
    if problems := list(_problems(schema, parameters)):
        raise Invalid({"parameters": problems})
    secrets = {name: parameters[name] for name in secret_names(schema) if name in parameters}
    return {**parameters, **dict.fromkeys(secrets, MASK)}, secrets


def secret_names(schema: dict[str, Any]) -> list[str]:
    """Return the names of the parameters that are never shown."""
    return [name for name, about in properties(schema).items() if _is_secret(about)]


def properties(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return what a schema says of each parameter."""
    # `true` is a schema too: anything.
    known = schema.get("properties", {}).items()
    return {name: about for name, about in known if isinstance(about, dict)}


def _defaults(schema: dict[str, Any]) -> dict[str, Any]:
    known = properties(schema).items()
    return {name: about["default"] for name, about in known if "default" in about}


def _is_secret(about: dict[str, Any]) -> bool:
    return about.get(SECRET) is True


def _problems(schema: dict[str, Any], value: Any) -> Iterator[str]:
    secret = set(secret_names(schema))
    for error in Validator(schema, format_checker=FORMATS).iter_errors(value):
        why = f"does not fit ({error.validator})" if _tells(error, secret) else error.message[:300]
        yield ": ".join(filter(None, [".".join(map(str, error.absolute_path)), why]))


def _tells(error: ValidationError, secret: set[str]) -> bool:
    """Say whether the words of an error hold the value of a secret, or of all parameters."""
    if error.absolute_path:
        return error.absolute_path[0] in secret
    return bool(secret) and error.validator not in NAMES_ONLY


def _words(schema: Any) -> set[str]:
    level, words = [schema], set()
    while level:
        words |= {key for part in level if isinstance(part, dict) for key in part}
        level = [child for part in level for child in _children(part)]
    return words


def _children(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return list(part.values())
    return part if isinstance(part, list) else []
