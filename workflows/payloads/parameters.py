"""Parameters of runs: the JSON Schema of a template, defaults, secrets and validation."""

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import SchemaError, ValidationError

from workflows.errors import Invalid
from workflows.payloads.secrets import MASK

# In JSON Schema, 60.0 is an integer.
STRICT_INTEGERS = Draft202012Validator.TYPE_CHECKER.redefine(
    "integer", lambda _, value: type(value) is int
)
Validator = validators.extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, type_checker=STRICT_INTEGERS
)
FORMATS = FormatChecker(("date", "email", "ipv4", "ipv6", "time", "uuid"))
UNAVAILABLE_KEYWORDS = ("$ref", "$dynamicRef")
"""References: a schema must not fetch others or refer to itself."""
KEYWORDS_WITHOUT_VALUES = {"required", "additionalProperties", "dependentRequired"}
"""Keywords whose error messages name keys of an object, but not its values."""
NOT_APPLICABLE = (
    "the schema cannot be applied to any such value ({}): correct its patterns, numbers"
)
SECRET_KEYWORD = "writeOnly"  # noqa: S105 (JSON Schema's keyword for values that are never shown)


def check_schema(schema: object) -> Iterator[str]:
    """Yield the errors in the schema of a template's parameters."""
    if not schema:
        return
    if problem := _problem_of_form(schema):
        yield problem
        return
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        yield "the schema must describe an object: set type: object and its properties"
        return
    yield from (f"{word} is not available" for word in _keywords(schema) & {*UNAVAILABLE_KEYWORDS})
    for name, definition in properties(schema).items():
        if _is_secret(definition) and definition.get("type") != "string":
            yield f"{name}: a secret must be of type string"
        if "default" in definition and not _is_secret(definition):
            problems = _problems(definition, definition["default"])
            yield from (f"{name}: default: {why}" for why in problems)
        if _is_secret(definition) and "default" in definition:
            yield f"{name}: a secret must not have a default, which everybody could see"


def _problem_of_form(schema: object) -> str:
    """Return why something is no JSON Schema, else an empty text."""
    try:
        Draft202012Validator.check_schema(schema)  # type: ignore[arg-type]
    except SchemaError as exc:
        return ": ".join(filter(None, [".".join(map(str, exc.absolute_path)), exc.message]))
    except Exception as exc:  # noqa: BLE001 (a pattern that Python cannot compile, for example)
        return NOT_APPLICABLE.format(type(exc).__name__)
    return ""


def take_parameters(
    schema: dict[str, Any], given: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Return the parameters with defaults and masked secrets, and the values of the secrets.

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
    """Return the names of the secret parameters."""
    return [name for name, definition in properties(schema).items() if _is_secret(definition)]


def properties(schema: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the definition of each parameter in a schema."""
    # `true` is a schema too: it accepts anything.
    known = schema.get("properties", {}).items()
    return {name: definition for name, definition in known if isinstance(definition, dict)}


def _defaults(schema: dict[str, Any]) -> dict[str, Any]:
    known = properties(schema).items()
    return {name: definition["default"] for name, definition in known if "default" in definition}


def _is_secret(definition: dict[str, Any]) -> bool:
    return definition.get(SECRET_KEYWORD) is True


def _problems(schema: dict[str, Any], value: Any) -> Iterator[str]:
    try:
        yield from _errors_of(schema, value)
    except Exception as exc:  # noqa: BLE001 (a pattern or a number that the validator cannot use)
        yield NOT_APPLICABLE.format(type(exc).__name__)


def _errors_of(schema: dict[str, Any], value: Any) -> Iterator[str]:
    secret = set(secret_names(schema))
    for error in Validator(schema, format_checker=FORMATS).iter_errors(value):
        is_secret = _reveals_secret(error, secret)
        why = f"does not fit ({error.validator})" if is_secret else error.message[:300]
        yield ": ".join(filter(None, [".".join(map(str, error.absolute_path)), why]))


def _reveals_secret(error: ValidationError, secret: set[str]) -> bool:
    """Return True if an error's message contains the value of a secret or of all parameters."""
    if error.absolute_path:
        return error.absolute_path[0] in secret
    return bool(secret) and error.validator not in KEYWORDS_WITHOUT_VALUES


def _keywords(schema: Any) -> set[str]:
    level, words = [schema], set()
    while level:
        words |= {key for part in level if isinstance(part, dict) for key in part}
        level = [child for part in level for child in _subschemas(part)]
    return words


def _subschemas(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return list(part.values())
    return part if isinstance(part, list) else []
