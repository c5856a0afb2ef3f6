"""The keywords of a schema that hold no schema: kept where they are what they should be.

Documents in the wild hold `type: any`, `required: true` and `minimum: "1"`. A validator refuses
a schema for one of them, so what is not JSON Schema is left out, and told.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from dragoman.operation import JsonValue

__all__ = ["TYPES", "checked"]

TYPES = frozenset({"array", "boolean", "integer", "null", "number", "object", "string"})

_TEXTS = ("title", "description", "format", "contentEncoding", "contentMediaType")
_FLAGS = ("deprecated", "readOnly", "writeOnly", "uniqueItems")
_NUMBERS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
_COUNTS = (
    *("minLength", "maxLength", "minItems", "maxItems", "minProperties", "maxProperties"),
    *("minContains", "maxContains"),
)


def checked(schema: Mapping[str, JsonValue], changes: dict[str, None]) -> dict[str, JsonValue]:
    """Return the keywords that are fit for JSON Schema 2020-12, and add to `changes` the others."""
    made: dict[str, JsonValue] = {}
    _type(schema, made, changes)
    for keyword in _TEXTS:
        if isinstance(value := schema.get(keyword), str):
            made[keyword] = value
    for keyword in _FLAGS:
        if schema.get(keyword) is True:
            made[keyword] = True
    _bounds(schema, made, changes)
    _counts(schema, made, changes)
    _values(schema, made)
    if isinstance(pattern := schema.get("pattern"), str):
        made["pattern"] = pattern
    required = schema.get("required")
    if isinstance(required, list):
        names = [name for name in dict.fromkeys(map(str, required))]
        made |= {"required": cast("JsonValue", names)} if names else {}
    return made


def _type(
    schema: Mapping[str, JsonValue], made: dict[str, JsonValue], changes: dict[str, None]
) -> None:
    declared = schema.get("type")
    if declared is None:
        return
    kinds = declared if isinstance(declared, list) else [declared]
    known = [kind for kind in kinds if kind in TYPES] if all(map(_is_text, kinds)) else []
    if not known or len(known) < len(kinds):
        changes[f"type: {str(declared)[:40]} is no type of JSON Schema: any value is let through"] = None
        return
    made["type"] = known if isinstance(declared, list) else known[0]


def _bounds(
    schema: Mapping[str, JsonValue], made: dict[str, JsonValue], changes: dict[str, None]
) -> None:
    for keyword in _NUMBERS:
        value = schema.get(keyword)
        if isinstance(value, int | float) and not isinstance(value, bool):
            made[keyword] = value
        elif value is not None and not isinstance(value, bool):
            changes[f"{keyword}: {str(value)[:40]} is no number and does not count"] = None
    # In 3.0 these two are flags beside the bound that they sharpen.
    for flag, bound in (("exclusiveMinimum", "minimum"), ("exclusiveMaximum", "maximum")):
        if schema.get(flag) is True and bound in made:
            made[flag] = made.pop(bound)
    step = schema.get("multipleOf")
    if isinstance(step, int | float) and not isinstance(step, bool) and step > 0:
        made["multipleOf"] = step


def _counts(
    schema: Mapping[str, JsonValue], made: dict[str, JsonValue], changes: dict[str, None]
) -> None:
    for keyword in _COUNTS:
        value = schema.get(keyword)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            made[keyword] = value
        elif value is not None:
            changes[f"{keyword}: {str(value)[:40]} is no count and does not count"] = None


def _values(schema: Mapping[str, JsonValue], made: dict[str, JsonValue]) -> None:
    enum = schema.get("enum")
    if isinstance(enum, list) and enum:
        made["enum"] = _distinct(enum)
    for keyword in ("const", "default"):
        if keyword in schema:
            made[keyword] = schema[keyword]
    examples = schema.get("examples")
    if isinstance(examples, list) and examples:
        made["examples"] = examples
    elif "example" in schema:
        made["examples"] = [schema["example"]]


def _distinct(values: list[JsonValue]) -> list[JsonValue]:
    kept: list[JsonValue] = []
    for value in values:
        if not any(value == one and type(value) is type(one) for one in kept):
            kept.append(value)
    return kept


def _is_text(value: object) -> bool:
    return isinstance(value, str)
