"""What one cookie can hold (OpenAPI 3.1.1, appendix D).

A list or an object that is exploded in the style `form` would be parted by ampersands, which part
no cookies: the receiver would read one value. OpenAPI 3.2 has the style `cookie` for them.
"""

from __future__ import annotations

from collections.abc import Iterable

from dragoman.apis.openapi.definitions import Needs
from dragoman.apis.openapi.document import list_of
from dragoman.apis.openapi.keywords import TYPES
from dragoman.errors import DescriptionError
from dragoman.local_reference import definition_of
from dragoman.operation import JsonObject, JsonValue

__all__ = ["in_one_cookie"]

_SEVERAL = frozenset({"array", "object"})
_ONE = ("string", "number", "boolean")
_MAX_CHAIN = 8


def in_one_cookie(name: str, schema: JsonValue, needs: Needs) -> JsonValue:
    """Return the schema of a cookie of one value; what it takes away is told.

    Raises `DescriptionError` for a schema that has nothing but lists or objects.
    """
    kinds = _kinds(schema, needs.defs)
    if not kinds & _SEVERAL:
        return schema
    if kinds <= _SEVERAL | {"null"}:
        raise DescriptionError(
            f"its parameter {name} is a list or an object that is exploded in a cookie, which"
            " no cookie can hold"
        )
    needs.changes[f"{name} takes no list and no object, which no cookie can hold exploded"] = None
    return {"allOf": [schema, {"type": list(_ONE)}]}


def _kinds(schema: JsonValue, defs: JsonObject, depth: int = 0) -> frozenset[str]:
    """Return the types that the values of a schema may have, as far as is plain to see."""
    if not isinstance(schema, dict) or depth > _MAX_CHAIN:
        return TYPES
    found = TYPES
    if "$ref" in schema:
        found &= _kinds(definition_of(schema, {"$defs": defs}), defs, depth + 1)
    if "type" in schema:
        kind = schema["type"]
        found &= frozenset([kind] if isinstance(kind, str) else map(str, list_of(schema, "type")))
    if "enum" in schema or "const" in schema:
        values = list_of(schema, "enum") or [schema.get("const")]
        if not any(isinstance(value, dict | list) for value in values):
            found -= _SEVERAL
    for part in list_of(schema, "allOf"):
        found &= _kinds(part, defs, depth + 1)
    for keyword in ("anyOf", "oneOf"):
        if choices := list_of(schema, keyword):
            found &= _any_of(_kinds(one, defs, depth + 1) for one in choices)
    return found


def _any_of(kinds: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset().union(*kinds)
