"""Parameters of runs: the JSON Schema of a template, defaults, secrets and validation."""

from collections.abc import Iterable, Iterator
from typing import Any

from jsonschema.exceptions import ValidationError

from workflows.errors import Invalid
from workflows.payloads.budget import Uncheckable, budget, limited
from workflows.payloads.patterns import matches
from workflows.payloads.schemas import (
    SECRET_KEYWORD,
    SHOWS_VALUES,
    dotted,
    is_larger,
    malformed,
    misplaced_secrets,
    mistyped_keywords,
    pattern_problems,
    subschemas,
    unavailable,
    undescriptive,
)
from workflows.payloads.secrets import MASK
from workflows.payloads.suggestions import nearest
from workflows.payloads.validation import errors_of
from workflows.payloads.wording import worded

MOST_PROBLEMS = 20
"""How many problems of a value are named."""
KEYWORDS_WITHOUT_VALUES = {"required", "additionalProperties", "dependentRequired"}
"""Keywords whose error messages name keys of an object, but not its values."""
TAKES_OTHERS = {"additionalProperties", "unevaluatedProperties"}
"""Keywords by which a schema says itself what becomes of parameters that it does not name."""
MOST_GIVEN_VALUES = 100_000
"""How many objects, lists, texts and numbers the parameters of a run may consist of."""


def check_schema(schema: object) -> Iterator[str]:
    """Yield the errors in the schema of a template's parameters."""
    if not schema:
        return
    if problems := list(malformed(schema)):
        yield from problems
        return
    assert isinstance(schema, dict)  # noqa: S101 (guaranteed above)
    problems = [*unavailable(schema), *misplaced_secrets(schema), *pattern_problems(schema)]
    if problems := problems or list(undescriptive(schema)):
        yield from problems
        return
    for name, definition in properties(schema).items():
        yield from (f"{name}: {why}" for why in _definition_problems(definition))
    try:
        errors_of(schema, {}, most=1)
    except Uncheckable as exc:
        yield str(exc)


def take_parameters(
    schema: dict[str, Any], given: dict[str, Any], *, is_label: bool = False
) -> tuple[dict[str, Any], dict[str, str]]:
    """
    Return the parameters with defaults and masked secrets, and the values of the secrets.

    :param is_label: the template is the label of a run of other tasks, which obeys what its schema
        says about secrets, and nothing else of it.
    :raises Invalid: naming each parameter that is wrong.
    """
    if not schema:
        return given, {}
    parameters = given if is_label else {**_defaults(schema), **given}
    problems = list(_secret_problems(schema, given, is_label=is_label))
    if not (problems or is_label):
        problems = list(unavailable(schema)) or list(_problems(schema, parameters))
    if problems:
        raise Invalid({"parameters": problems[:MOST_PROBLEMS]})
    secrets = {name: parameters[name] for name in secret_names(schema) if name in parameters}
    return {**parameters, **dict.fromkeys(secrets, MASK)}, secrets


def secret_names(schema: dict[str, Any]) -> list[str]:
    """Return the names of the secret parameters."""
    return [name for name, definition in properties(schema).items() if _is_secret(definition)]


def missing_parameters(schema: dict[str, Any], names: Iterable[str]) -> list[str]:
    """Return those names that no part of a schema mentions."""
    try:
        with limited():
            return _undeclared(schema, names)
    except Uncheckable:
        return []


def takes_other_parameters(schema: dict[str, Any]) -> bool:
    """Return True if a run may have parameters that its schema does not mention."""
    if TAKES_OTHERS.isdisjoint(schema):
        return not secret_names(schema)
    return all(schema.get(word) is not False for word in TAKES_OTHERS)


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


def _definition_problems(definition: dict[str, Any]) -> Iterator[str]:
    yield from mistyped_keywords(definition)
    if not _is_secret(definition):
        if "default" in definition:
            problems = _problems(definition, definition["default"])
            yield from (f"default: {why}" for why in problems)
        return
    if definition.get("type") != "string":
        yield "a secret must be of type string"
    for word, named in SHOWS_VALUES.items():
        if word in definition:
            yield f"a secret must not have {named}, which everybody could see"


def _secret_problems(
    schema: dict[str, Any], given: dict[str, Any], *, is_label: bool
) -> Iterator[str]:
    """Yield why values that are given could be shown although they are secret."""
    secrets = secret_names(schema)
    for name in secrets:
        if not isinstance(given.get(name, ""), str):
            yield f"{name}: a secret must be a text"
        elif given.get(name) == MASK:
            yield f"{name}: {MASK} is what is shown instead of it; give the secret itself"
    if given:
        yield from misplaced_secrets(schema)
    if secrets:
        try:
            with limited():
                yield from list(_mistyped(schema, given, is_label=is_label))
        except Uncheckable as exc:
            yield f"the names cannot be checked: {exc}"


def _mistyped(schema: dict[str, Any], given: dict[str, Any], *, is_label: bool) -> Iterator[str]:
    """
    Yield which names are none of the schema: the value of a mistyped secret would be shown.

    Where others are welcome, only those that resemble the name of a secret.
    """
    takes_others = is_label or not TAKES_OTHERS.isdisjoint(schema)
    known = secret_names(schema) if takes_others else list(properties(schema))
    for name in _undeclared(schema, given):
        budget().seconds_left()
        meant = nearest(name, known)
        if meant or not takes_others:
            hint = f"did you mean {meant}? Otherwise " if meant else ""
            yield f"{name}: no such parameter; {hint}add it to the properties of the schema"


def _undeclared(schema: dict[str, Any], given: Iterable[str]) -> list[str]:
    """Return the names that no part of a schema mentions."""
    names = {name for _, part in subschemas(schema) for name in part.get("properties", ())}
    patterns = schema.get("patternProperties", ())
    return [
        name
        for name in given
        if name not in names and not any(matches(pattern, name) for pattern in patterns)
    ]


def _problems(schema: dict[str, Any], value: Any) -> Iterator[str]:
    if is_larger(value, MOST_GIVEN_VALUES):
        yield f"too large: at most {MOST_GIVEN_VALUES:,} values are compared with a schema"
        return
    shown = properties(schema).keys() - set(secret_names(schema))
    try:
        errors = errors_of(schema, value, most=MOST_PROBLEMS)
    except Uncheckable as exc:
        yield f"cannot be checked by the schema of the template: {exc}"
        return
    for error in errors:
        is_secret = _reveals_secret(error, shown, has_secrets=bool(secret_names(schema)))
        why = f"does not fit ({error.validator})" if is_secret else worded(error)
        yield ": ".join(filter(None, [dotted(error.absolute_path), why]))


def _reveals_secret(error: ValidationError, shown: set[str], *, has_secrets: bool) -> bool:
    """Return True if an error's message contains the value of a secret or of all parameters."""
    if not has_secrets:
        return False
    if error.absolute_path:
        return error.absolute_path[0] not in shown
    return error.validator not in KEYWORDS_WITHOUT_VALUES
