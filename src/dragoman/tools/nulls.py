"""What null means in arguments: a value of the API's own, or only that something is absent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dragoman.local_reference import followed
from dragoman.operation import JsonSchema, JsonValue

__all__ = ["accepts_null"]

_MAX_DEPTH = 64


def accepts_null(schema: JsonValue, root: JsonSchema, depth: int = 0) -> bool:
    """Whether null is a value of this schema, so that it means null and not absent.

    What does not say is read as accepting it: a null that is sent can be refused by the API,
    one that is dropped is lost.
    """
    if not isinstance(schema, Mapping) or depth > _MAX_DEPTH:
        return True
    schema = followed(schema, root)
    declared = schema.get("type")
    if isinstance(declared, str):
        return declared == "null"
    if isinstance(declared, Sequence):
        return "null" in declared
    if isinstance(choices := schema.get("enum"), Sequence):
        return None in choices
    if "const" in schema:
        return schema["const"] is None
    for keyword in ("anyOf", "oneOf"):
        if isinstance(branches := schema.get(keyword), Sequence):
            return any(accepts_null(branch, root, depth + 1) for branch in branches)
    if isinstance(parts := schema.get("allOf"), Sequence):
        return all(accepts_null(part, root, depth + 1) for part in parts)
    return True
