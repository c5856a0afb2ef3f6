"""Parameters as they are written by hand: `id: string`, `note: string?`, or a JSON Schema.

A type is `string`, `integer`, `number`, `boolean`, `object` or `array`; `[string]` is a list of
them. A trailing `?` makes it optional. A mapping is a JSON Schema and may say `required: false`.
"""

from __future__ import annotations

from collections.abc import Mapping

from dragoman.operation import JsonSchema, JsonValue

__all__ = ["parameter_schema"]

_TYPES = frozenset({"string", "integer", "number", "boolean", "object", "array"})


def parameter_schema(value: JsonValue) -> tuple[JsonSchema, bool]:
    """Return the schema of a parameter and whether it is required; raises `ValueError`."""
    if isinstance(value, str):
        kind, required = value.removesuffix("?").strip(), not value.endswith("?")
        return _of_type(kind), required
    if isinstance(value, list) and len(value) == 1 and isinstance(value[0], str):
        return {"type": "array", "items": _of_type(value[0])}, True
    if isinstance(value, Mapping):
        said = value.get("required", True)
        if not isinstance(said, bool):
            # A list under `required` belongs to a schema of an object, not to the parameter.
            return dict(value), True
        return {name: one for name, one in value.items() if name != "required"}, said
    raise ValueError("must be a type such as string or integer?, or a JSON Schema")


def _of_type(kind: str) -> JsonSchema:
    if kind.startswith("[") and kind.endswith("]"):
        return {"type": "array", "items": _of_type(kind[1:-1].strip())}
    if kind not in _TYPES:
        raise ValueError(f"'{kind}' is no type: {', '.join(sorted(_TYPES))}, or [string]")
    return {"type": kind}
