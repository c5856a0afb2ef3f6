"""Whether an answer is what the document says: presence, types and enums, nothing finer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import unquote

__all__ = ["differences", "response_schema"]

_KINDS: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
}
_MAX_DEPTH = 12


def response_schema(root: Mapping[str, Any], route: str, status: int) -> Any | None:
    """Return the schema of an answer; None where the document describes no answer of the status."""
    method, _, path = route.partition(" ")
    responses = root["paths"][path][method.lower()]["responses"]
    found = responses.get(str(status), responses.get("default"))
    if found is None:
        return None
    content = _resolved(root, found).get("content", {})
    return next((one.get("schema", {}) for one in content.values()), {})


def differences(root: Mapping[str, Any], schema: Any, value: Any) -> list[str]:
    """Return where an answer is not as described: what is missing, or of another type."""
    return sorted(set(_differences(root, schema, value, "", 0)))


def _differences(
    root: Mapping[str, Any], schema: Any, value: Any, where: str, depth: int
) -> Iterator[str]:
    node = _resolved(root, schema)
    if depth > _MAX_DEPTH or not isinstance(node, Mapping):
        return
    fault = _fault(node, value)
    if fault or value is None:
        yield from [f"{where or 'the answer'} is {fault}"] if fault else []
        return
    for one in node.get("allOf", ()):
        yield from _differences(root, one, value, where, depth + 1)
    for key in ("oneOf", "anyOf"):
        ways = [list(_differences(root, one, value, where, depth + 1)) for one in node.get(key, ())]
        yield from min(ways, key=len, default=[])
    if isinstance(value, dict):
        yield from _members(root, node, value, where, depth)
    if isinstance(value, list) and "items" in node:
        for item in value:
            yield from _differences(root, node["items"], item, f"{where}[]", depth + 1)


def _fault(node: Mapping[str, Any], value: Any) -> str:
    """Return what a value is that the schema itself does not allow; empty where it allows it."""
    types = node.get("type")
    kinds = [types] if isinstance(types, str) else list(types or ())
    if value is None:
        is_open = not kinds and "enum" not in node
        return "" if node.get("nullable") or "null" in kinds or is_open else "null"
    if kinds and not any(_is_of(kind, value) for kind in kinds):
        return f"not of type {' or '.join(kinds)}"
    if "enum" in node and value not in node["enum"]:
        return f"{value!r}, none of those listed"
    return ""


def _members(
    root: Mapping[str, Any], node: Mapping[str, Any], value: dict[str, Any], where: str, depth: int
) -> Iterator[str]:
    prefix = f"{where}." if where else ""
    for name in node.get("required", ()):
        if name not in value:
            yield f"{prefix}{name} is missing"
    for name, schema in node.get("properties", {}).items():
        if name in value:
            yield from _differences(root, schema, value[name], f"{prefix}{name}", depth + 1)


def _is_of(kind: str, value: Any) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, _KINDS.get(kind, ()))


def _resolved(root: Mapping[str, Any], node: Any) -> Any:
    while isinstance(node, Mapping) and isinstance(node.get("$ref"), str):
        found: Any = root
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[unquote(part).replace("~1", "/").replace("~0", "~")]
        node = found
    return node
