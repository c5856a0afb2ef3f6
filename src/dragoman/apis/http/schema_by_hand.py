"""JSON Schemas as an owner writes them into the file: checked, and closed where silent."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from dragoman.operation import JsonSchema, JsonValue

__all__ = ["closed", "schema_fault"]

_MAX_DEPTH = 32
_PLAIN = ("string", "integer", "number", "boolean", "object", "array")
_OF_ONE = ("items", "contains", "not", "if", "then", "else", "additionalProperties")
_OF_MANY = ("allOf", "anyOf", "oneOf", "prefixItems")
_OF_NAMES = ("properties", "patternProperties", "dependentSchemas")
_COMPOSED = ("allOf", "anyOf", "oneOf", "if")
_OPENED = ("additionalProperties", "unevaluatedProperties", "patternProperties")


def schema_fault(schema: JsonSchema) -> str:
    """Return what is wrong with a schema, or nothing."""
    if schema.keys() == {"type"} and schema["type"] in _PLAIN:
        return ""
    if _holds_reference(schema, 0):
        return (
            "$ref is not followed in a schema written by hand: write it out, or use a YAML anchor"
        )
    return _meta(schema)


def _meta(schema: JsonSchema) -> str:
    import jsonschema_rs  # noqa: PLC0415 - only where the owner wrote a schema out

    try:
        jsonschema_rs.meta.validate(cast("dict[str, object]", schema))
        jsonschema_rs.Draft202012Validator(cast("dict[str, object]", schema), offline=True)
    except (jsonschema_rs.ValidationError, jsonschema_rs.ReferencingError, ValueError) as error:
        return f"it is no JSON Schema: {str(error).splitlines()[0][:160]}"
    return ""


def _holds_reference(value: JsonValue, depth: int) -> bool:
    if depth > _MAX_DEPTH:
        return True
    if isinstance(value, Mapping):
        if isinstance(value.get("$ref"), str) or "$dynamicRef" in value:
            return True
        return any(_holds_reference(one, depth + 1) for one in value.values())
    return isinstance(value, list) and any(_holds_reference(one, depth + 1) for one in value)


def closed(schema: JsonSchema) -> JsonSchema:
    """Return the schema with every object closed that lists properties and is silent on others."""
    return _closed(schema, is_part=False)


def _closed(schema: JsonSchema, *, is_part: bool) -> JsonSchema:
    made: dict[str, JsonValue] = {}
    for keyword, value in schema.items():
        if keyword in _OF_ONE and isinstance(value, Mapping):
            made[keyword] = _closed(value, is_part=keyword in {"if", "then", "else", "not"})
        elif keyword in _OF_MANY and isinstance(value, list):
            part = keyword != "prefixItems"
            made[keyword] = [
                _closed(one, is_part=part) if isinstance(one, Mapping) else one for one in value
            ]
        elif keyword in _OF_NAMES and isinstance(value, Mapping):
            part = keyword == "dependentSchemas"
            made[keyword] = {
                name: _closed(one, is_part=part) if isinstance(one, Mapping) else one
                for name, one in value.items()
            }
        else:
            made[keyword] = value
    # A part of a composition is left open: the whole is closed, once all parts have had their say.
    if not is_part and _names_members(schema) and not any(key in schema for key in _OPENED):
        composed = any(key in schema for key in _COMPOSED)
        made["unevaluatedProperties" if composed else "additionalProperties"] = False
    return made


def _names_members(schema: JsonSchema) -> bool:
    if schema.get("properties"):
        return True
    parts = [one for key in _COMPOSED for one in _list(schema.get(key))]
    return any(_names_members(one) for one in parts if isinstance(one, Mapping))


def _list(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []
