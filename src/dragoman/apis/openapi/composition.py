"""A schema with its `allOf` laid out flat: what is true of one value all at once."""

from __future__ import annotations

from collections.abc import Iterator

from dragoman.apis.openapi.beside import told_beside
from dragoman.apis.openapi.document import Document, list_of, object_of
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = [
    "CHOICES",
    "choices_of",
    "is_contradicted",
    "is_read_only",
    "members_named",
    "parts_of",
    "read_only_members",
]

CHOICES = ("anyOf", "oneOf")

_MAX_PARTS = 2_000
_MAX_CHAIN = 32


def parts_of(
    document: Document, schema: JsonValue, told: dict[str, None] | None = None
) -> Iterator[JsonObject]:
    """Yield the schema and, through references and `allOf`, all that hold together with it.

    Each stands once, so circles end. What a reference makes void is added to `told`. Raises
    `DescriptionError` for a reference that cannot be followed, a part that is no object, and too
    many parts.
    """
    waiting: list[JsonValue] = [schema]
    seen: set[str] = set()
    for _ in range(_MAX_PARTS):
        if not waiting:
            return
        part = waiting.pop()
        if part is True:
            continue
        if not isinstance(part, dict):
            raise DescriptionError("a part of allOf is no schema")
        reference = part.get("$ref")
        if isinstance(reference, str):
            if reference not in seen:
                seen.add(reference)
                waiting.append(document.at(reference))
            if document.is_3_0:
                if told is not None and len(part) > 1:
                    told |= told_beside(document, part)
                continue
        yield part
        waiting.extend(reversed(list_of(part, "allOf")))
    raise DescriptionError(f"a schema is composed of more than {_MAX_PARTS:,} parts")


def choices_of(part: JsonObject) -> Iterator[JsonValue]:
    """Yield the schemas that a part chooses among."""
    for keyword in CHOICES:
        yield from list_of(part, keyword)


def members_named(document: Document, schema: JsonValue) -> set[str]:
    """Return the names of members that a schema lists, itself, in `allOf` or in a choice."""
    names: set[str] = set()
    waiting: list[JsonValue] = [schema]
    seen: set[int] = set()
    while waiting:
        for part in parts_of(document, waiting.pop()):
            if id(part) in seen:
                continue
            seen.add(id(part))
            names.update(object_of(part, "properties"))
            waiting.extend(one for one in choices_of(part) if one is not True and one is not False)
            if len(seen) > _MAX_PARTS:
                raise DescriptionError(f"a schema is composed of more than {_MAX_PARTS:,} parts")
    return names


def is_contradicted(document: Document, schema: JsonObject) -> bool:
    """Whether a part of `allOf` is closed against members that the schema lists elsewhere."""
    closed = [
        one
        for part in list_of(schema, "allOf")
        for one in parts_of(document, part)
        if one.get("additionalProperties") is False
    ]
    if not closed:
        return False
    names = members_named(document, schema)
    return any(names - members_named(document, one) for one in closed)


def is_read_only(document: Document, schema: JsonValue) -> bool:
    """Whether only answers hold this member (OpenAPI 3.0.4, section 4.7.24.2).

    A reference that cannot be followed says nothing here; its translation tells.
    """
    for _ in range(_MAX_CHAIN):
        if not isinstance(schema, dict):
            return False
        reference = schema.get("$ref")
        if schema.get("readOnly") is True and not (reference and document.is_3_0):
            return True
        if isinstance(reference, str):
            try:
                schema = document.at(reference)
            except DescriptionError:
                return False
            continue
        parts = list_of(schema, "allOf")
        if len(parts) != 1:
            return False
        schema = parts[0]
    return False


def read_only_members(document: Document, schema: JsonObject) -> frozenset[str]:
    """Return the names of the members, also of `allOf`, that only answers hold."""
    parts = parts_of(document, schema) if "allOf" in schema or "$ref" in schema else (schema,)
    return frozenset(
        name
        for part in parts
        for name, member in object_of(part, "properties").items()
        if is_read_only(document, member)
    )
