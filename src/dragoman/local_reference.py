"""References of a JSON schema into its own `$defs` (JSON Schema 2020-12, section 8.2)."""

from __future__ import annotations

from collections.abc import Mapping

from dragoman.operation import JsonSchema, JsonValue

__all__ = ["DEFS", "definition_name", "definition_of", "followed"]

DEFS = "#/$defs/"

_MAX_CHAIN = 64


def definition_name(reference: JsonValue) -> str | None:
    """Return the name of the definition that a reference points at (RFC 6901, section 4).

    None for what is no reference, or leads elsewhere.
    """
    if not isinstance(reference, str) or not reference.startswith(DEFS):
        return None
    return reference.removeprefix(DEFS).replace("~1", "/").replace("~0", "~")


def definition_of(schema: JsonSchema, root: JsonSchema) -> JsonValue:
    """Return what the reference of a schema points at in its root; None where that is nothing."""
    name, definitions = definition_name(schema.get("$ref")), root.get("$defs")
    return definitions.get(name) if name is not None and isinstance(definitions, Mapping) else None


def followed(schema: JsonSchema, root: JsonSchema) -> JsonSchema:
    """Return the schema at the end of a chain of references; the last one that leads anywhere."""
    for _ in range(_MAX_CHAIN):
        target = definition_of(schema, root)
        if not isinstance(target, Mapping):
            return schema
        schema = target
    return schema
