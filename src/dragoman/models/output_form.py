"""The form that an answer is asked for in: strict where OpenAI's subset of JSON Schema allows it.

The subset is that of the Structured Outputs guide. A strict object lists all its properties as
required and allows no others, so a schema that is silent on that is tightened first: whatever
fits the tightened schema fits the one that was given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from dragoman.local_reference import definition_of

if TYPE_CHECKING:
    from dragoman.operation import JsonObject, JsonSchema, JsonValue

__all__ = ["output_form"]

_MAX_DEPTH = 10
_MAX_PROPERTIES = 5_000
_MAX_ENUM = 250  # 1,000 in all, but more than 250 in one enum are bounded in characters too
_MAX_CHARACTERS = 120_000

_ANNOTATIONS = {"title", "default", "examples", "deprecated", "readOnly", "writeOnly", "$comment"}
_KEPT = {
    "type", "description", "enum", "const", "format", "pattern", "multipleOf", "minimum",
    "maximum", "exclusiveMinimum", "exclusiveMaximum", "minItems", "maxItems",
}  # fmt: skip
_FORMATS = {
    "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid",
}  # fmt: skip


class _NotStrictError(Exception):
    """The schema says something that the subset cannot."""


def output_form(schema: JsonSchema, name: str) -> dict[str, JsonValue]:
    """Return the members `name`, `schema` and `strict` that both interfaces take.

    Not strict, the schema goes out as it was given, and the model is not held to it.
    """
    rooted = _rooted(schema)
    try:
        tightened = _tightened(rooted, depth=0)
        _check_size(tightened)
    except _NotStrictError:
        return {"name": _safe(name), "schema": rooted, "strict": False}
    return {"name": _safe(name), "schema": tightened, "strict": True}


def _safe(name: str) -> str:
    """Return a name of at most 64 of the characters that the interfaces accept."""
    return re.sub(r"[^a-zA-Z0-9_-]+", "_", name)[:64] or "answer"


def _rooted(schema: JsonSchema) -> JsonSchema:
    """Resolve a reference at the root, which must be an object: recursive models have one there."""
    target = definition_of(schema, schema)
    return {**target, "$defs": schema["$defs"]} if isinstance(target, Mapping) else schema


def _tightened(schema: JsonValue, depth: int) -> JsonObject:
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        raise _NotStrictError
    if depth == 0 and schema.get("type") != "object":
        raise _NotStrictError
    if "$ref" in schema:
        return _reference(schema)
    if "type" not in schema and "anyOf" not in schema:
        raise _NotStrictError
    strict: dict[str, JsonValue] = {}
    for keyword, value in schema.items():
        strict.update(_keyword(keyword, value, depth))
    if "properties" in schema or _names_object(schema.get("type")):
        strict.update(_object(schema, depth))
    return strict


def _names_object(types: JsonValue) -> bool:
    return types == "object" or (isinstance(types, list) and "object" in types)


def _reference(schema: JsonObject) -> JsonObject:
    """Keep a reference; what stands beside it moves around it, since siblings are refused."""
    if set(schema) - _ANNOTATIONS - {"$ref", "description"}:
        raise _NotStrictError
    if "description" not in schema:
        return {"$ref": schema["$ref"]}
    return {"anyOf": [{"$ref": schema["$ref"]}], "description": schema["description"]}


def _keyword(keyword: str, value: JsonValue, depth: int) -> dict[str, JsonValue]:
    if keyword in _ANNOTATIONS or keyword in {"properties", "required", "additionalProperties"}:
        return {}
    if keyword == "items":
        return {keyword: _tightened(value, depth + 1)}
    if keyword == "anyOf" and isinstance(value, Sequence):
        return {keyword: [_tightened(option, depth + 1) for option in value]}
    if keyword in {"$defs", "definitions"} and isinstance(value, Mapping):
        return {keyword: {name: _tightened(one, depth + 1) for name, one in value.items()}}
    if keyword not in _KEPT or not _is_allowed(keyword, value):
        raise _NotStrictError
    return {keyword: value}


def _is_allowed(keyword: str, value: JsonValue) -> bool:
    if keyword == "format":
        return value in _FORMATS
    if keyword == "pattern":
        return "(?" not in str(value)  # the decoder knows no look-around
    return True


def _object(schema: JsonObject, depth: int) -> dict[str, JsonValue]:
    """Close an object; without properties, or open by its own words, it is a map: not strict."""
    properties = schema.get("properties")
    is_open = schema.get("additionalProperties", False) is not False
    if is_open or not isinstance(properties, Mapping) or not properties:
        raise _NotStrictError
    return {
        "properties": {name: _tightened(one, depth + 1) for name, one in properties.items()},
        "required": list(properties),
        "additionalProperties": False,
    }


def _check_size(schema: JsonObject) -> None:
    properties = enums = characters = 0
    for one in _walk(schema):
        names, values = one.get("properties"), one.get("enum")
        if isinstance(names, Mapping):
            properties += len(names)
            characters += sum(len(name) for name in names)
        if isinstance(values, list):
            enums += len(values)
            characters += sum(len(str(value)) for value in values)
    if properties > _MAX_PROPERTIES or enums > _MAX_ENUM or characters > _MAX_CHARACTERS:
        raise _NotStrictError


def _walk(value: JsonValue) -> Iterator[JsonObject]:
    if isinstance(value, Mapping):
        yield value
        for member in value.values():
            yield from _walk(member)
    elif isinstance(value, Sequence) and not isinstance(value, str):
        for item in value:
            yield from _walk(item)
