"""OpenAI's limits on the whole of a strict schema, from its guide on Structured Outputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import cast

from dragoman.local_reference import definition_name
from dragoman.operation import JsonSchema, JsonValue

__all__ = ["beyond", "keywords"]

_MAX_LEVELS = 10
_MAX_PROPERTIES = 5_000
_MAX_CHARACTERS = 120_000
_MAX_CHOICES = 1_000
_LONG_ENUM, _MAX_ENUM_CHARACTERS = 250, 15_000


def beyond(schema: JsonSchema) -> str:
    """Return which limit a strict schema exceeds, "" where it keeps to all of them."""
    parts = list(_parts(schema))
    enums = [cast("list[JsonValue]", part["enum"]) for part in parts if "enum" in part]
    lengths = [sum(len(choice) for choice in enum if isinstance(choice, str)) for enum in enums]
    long = [n for n, enum in zip(lengths, enums, strict=True) if len(enum) > _LONG_ENUM]
    members = [cast("JsonSchema", part.get("properties", {})) for part in parts]
    definitions = cast("JsonSchema", schema.get("$defs", {}))
    names = [*definitions, *(name for one in members for name in one)]
    for have, most, what in (
        (sum(map(len, members)), _MAX_PROPERTIES, "properties"),
        (_levels(schema, definitions, (), set()), _MAX_LEVELS, "levels of nesting"),
        (sum(map(len, names)) + sum(lengths), _MAX_CHARACTERS, "characters of names and choices"),
        (sum(map(len, enums)), _MAX_CHOICES, "choices"),
        (max(long, default=0), _MAX_ENUM_CHARACTERS, "characters in one list of choices"),
    ):
        if have > most:
            return f"it has {have:,} {what}; OpenAI takes {most:,} in a strict tool"
    return ""


def keywords(schema: JsonSchema) -> set[str]:
    """Return the keywords of a tool's schema that constrain values or speak of them."""
    return {key for part in _parts(schema) for key in part} - {"$defs", "$ref", "title"}


def _parts(schema: JsonSchema) -> Iterator[JsonSchema]:
    """Yield all schemas in one, itself first; definitions too, references not followed."""
    waiting: list[JsonValue] = [schema]
    while waiting:
        part = waiting.pop()
        if not isinstance(part, Mapping):
            continue
        yield part
        for key in ("properties", "$defs"):
            waiting.extend(cast("JsonSchema", part.get(key, {})).values())
        for key in ("allOf", "anyOf", "oneOf"):
            waiting.extend(cast("list[JsonValue]", part.get(key, ())))
        if "items" in part:
            waiting.append(part["items"])


def _levels(
    schema: JsonSchema,
    definitions: JsonSchema,
    path: tuple[str, ...],
    seen: set[tuple[str, int]],
    level: int = 0,
) -> int:
    """Return how deep objects and lists lie in each other; what contains itself counts once."""
    inner: list[JsonValue] = [*cast("list[JsonValue]", schema.get("anyOf", ()))]
    if "properties" in schema or "items" in schema:
        level += 1
        inner += cast("JsonSchema", schema.get("properties", {})).values()
        inner += [schema["items"]] if "items" in schema else []
    name = definition_name(schema.get("$ref"))
    if name and name not in path and (name, level) not in seen:
        seen.add((name, level))
        path = (*path, name)
        inner.append(definitions[name])
    if level > _MAX_LEVELS:
        return level
    depths = (_levels(cast("JsonSchema", one), definitions, path, seen, level) for one in inner)
    return max(depths, default=level)
