"""The members of an object with `allOf` merged, where it is nothing but a list of members."""

from __future__ import annotations

from dataclasses import dataclass, field

from dragoman.apis.openapi.composition import is_read_only, parts_of
from dragoman.apis.openapi.document import Document, list_of, object_of
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Members", "flat", "members_of"]

_OF_THE_WHOLE = frozenset(
    {"anyOf", "oneOf", "not", "if", "then", "else", "enum", "const", "patternProperties"}
    | {"propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas"}
    | {"dependencies", "unevaluatedProperties", "discriminator", "$dynamicRef", "$recursiveRef"}
)
"""What speaks of an object as a whole, and so cannot be said of its members one by one."""


@dataclass(frozen=True, slots=True)
class Members:
    """The members that a request may hold, and the names of those that it must.

    `ignored` are changes: what stands beside references and does not count.
    """

    schemas: dict[str, JsonValue] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    may_be_null: bool = False
    ignored: tuple[str, ...] = ()


def members_of(document: Document, schema: JsonValue) -> Members | None:
    """Return the members of an object, None for a schema that says more than them.

    Members that only answers hold are left out. Raises `DescriptionError` for a reference that
    cannot be followed.
    """
    if schema is None:
        return None
    told: dict[str, None] = {}
    parts = list(parts_of(document, schema, told))
    if not _is_one_list(parts):
        return None
    declared: dict[str, list[JsonValue]] = {}
    required: dict[str, None] = {}
    for part in parts:
        for name, member in object_of(part, "properties").items():
            declared.setdefault(name, []).append(member)
        required |= dict.fromkeys(n for n in list_of(part, "required") if isinstance(n, str))
    for name in required:
        declared.setdefault(name, [True])
    kept = {
        name: schemas[0] if len(schemas) == 1 else {"allOf": schemas}
        for name, schemas in declared.items()
        if False not in schemas and not any(is_read_only(document, one) for one in schemas)
    }
    return Members(
        kept,
        tuple(name for name in required if name in kept),
        all(_may_be_null(document, part) for part in parts),
        tuple(told),
    )


def flat(document: Document, schema: JsonValue) -> JsonObject:
    """Return the keywords of a schema and of its parts, the outer ones first."""
    made: dict[str, JsonValue] = {}
    if isinstance(schema, dict):
        for part in parts_of(document, schema):
            made = {**part, **made}
    return made


def _is_one_list(parts: list[JsonObject]) -> bool:
    if not all(map(_is_plain_object, parts)) or not any("properties" in one for one in parts):
        return False
    closed = any(part.get("additionalProperties") is False for part in parts)
    # A part that is closed by its own word refuses the members of the others.
    return not closed or sum(bool(object_of(part, "properties")) for part in parts) <= 1


def _is_plain_object(part: JsonObject) -> bool:
    kind = part.get("type", "object")
    if kind != "object" and not (isinstance(kind, list) and "object" in kind):
        return False
    is_closed = part.get("additionalProperties") in (None, False)
    return is_closed and _OF_THE_WHOLE.isdisjoint(part)


def _may_be_null(document: Document, part: JsonObject) -> bool:
    kind = part.get("type")
    if document.is_3_0:
        return part.get("nullable") is True or part.get("x-nullable") is True
    return isinstance(kind, list) and "null" in kind
