"""OpenAI's subset of JSON Schema for strict tools, rule by rule as its guide states them.

Written from the rules alone, by another way than the program that makes strict tools, so that one
can judge the other. Source: the guide on Structured Outputs, "Supported schemas".
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["breaches"]

_TYPES = {"string", "number", "boolean", "integer", "object", "array", "null"}
_OF_TYPE = {
    "string": {"pattern", "format"},
    "number": {"multipleOf", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"},
    "object": {"properties", "required", "additionalProperties"},
    "array": {"items", "minItems", "maxItems"},
}
_OF_TYPE["integer"] = _OF_TYPE["number"]
_FORMATS = {
    "date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid",
}  # fmt: skip
_ANYWHERE = {"type", "enum", "const", "anyOf", "description", "$ref", "$defs"}


def breaches(schema: Mapping[str, Any]) -> list[str]:
    """Return what breaks a rule, each with its place; nothing where the schema is strict."""
    found = []
    if schema.get("type") != "object" or "anyOf" in schema:
        found.append("#: the root is no object")
    nodes = list(_nodes(schema, "#"))
    for at, node in nodes:
        found += [f"{at}: {fault}" for fault in _faults(node, at, schema)]
    return found + [f"#: {fault}" for fault in _totals([node for _, node in nodes], schema)]


def _nodes(node: Any, at: str) -> Iterator[tuple[str, Any]]:
    yield at, node
    if not isinstance(node, Mapping):
        return
    for key in ("properties", "$defs", "definitions"):
        for name, inner in node.get(key, {}).items():
            yield from _nodes(inner, f"{at}/{key}/{name}")
    for number, inner in enumerate(node.get("anyOf", ())):
        yield from _nodes(inner, f"{at}/anyOf/{number}")
    if "items" in node:
        yield from _nodes(node["items"], f"{at}/items")


def _faults(node: Any, at: str, root: Mapping[str, Any]) -> Iterator[str]:
    if not isinstance(node, Mapping):
        yield "no schema"
    elif "$ref" in node:
        if node.keys() != {"$ref"}:
            yield "something stands beside $ref"
        if _target(node["$ref"], root) is None:
            yield f"{node['$ref']} leads nowhere"
    else:
        yield from _type_faults(node, at)
        yield from _value_faults(node)


def _type_faults(node: Mapping[str, Any], at: str) -> Iterator[str]:
    declared = node.get("type", [])
    types = [declared] if isinstance(declared, str) else list(declared)
    if not types and "anyOf" not in node:
        yield "neither type nor anyOf"
    if unknown := set(types) - _TYPES:
        yield f"unknown types: {unknown}"
    allowed = _ANYWHERE.union(*(_OF_TYPE.get(kind, set()) for kind in types))
    if foreign := node.keys() - (allowed if at == "#" else allowed - {"$defs"}):
        yield f"not in the subset: {', '.join(sorted(foreign))}"
    if "object" in types:
        yield from _object_faults(node)
    if "array" in types and "items" not in node:
        yield "array without items"


def _value_faults(node: Mapping[str, Any]) -> Iterator[str]:
    for key in ("anyOf", "enum"):
        if key in node and not node[key]:
            yield f"{key} of nothing"
    if node.get("format", "date") not in _FORMATS:
        yield f"format {node['format']}"
    if not all(isinstance(c, str | int | float | None) for c in node.get("enum", [])):
        yield "enum of other than plain values"


def _object_faults(node: Mapping[str, Any]) -> Iterator[str]:
    if node.get("additionalProperties") is not False:
        yield "an open object"
    if set(node.get("properties", {})) != set(node.get("required", ())):
        yield "required does not list all properties"


def _target(reference: str, root: Mapping[str, Any]) -> Any:
    if reference == "#":
        return root
    found: Any = root
    for part in reference.removeprefix("#/").split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _totals(nodes: list[Any], root: Mapping[str, Any]) -> Iterator[str]:
    maps = [node for node in nodes if isinstance(node, Mapping)]
    properties = [name for node in maps for name in node.get("properties", {})]
    enums = [node["enum"] for node in maps if "enum" in node]
    consts = [node["const"] for node in maps if "const" in node]
    texts = [*properties, *root.get("$defs", {}), *consts, *(c for enum in enums for c in enum)]
    if len(properties) > 5_000:
        yield "more than 5,000 properties"
    if sum(len(text) for text in texts if isinstance(text, str)) > 120_000:
        yield "more than 120,000 characters of names and choices"
    if sum(map(len, enums)) > 1_000:
        yield "more than 1,000 choices"
    for enum in enums:
        if len(enum) > 250 and sum(len(c) for c in enum if isinstance(c, str)) > 15_000:
            yield "an enum of more than 250 choices and 15,000 characters"
    if _too_deep(root, root, 0, frozenset(), set()):
        yield "more than 10 levels of nesting"


def _too_deep(
    node: Any, root: Mapping[str, Any], level: int, on: frozenset[str], seen: set[Any]
) -> bool:
    """Whether objects and lists lie deeper than ten; a definition is not followed into itself."""
    if level > 10:
        return True
    if not isinstance(node, Mapping) or (id(node), level) in seen:
        return False
    seen.add((id(node), level))
    reference = node.get("$ref")
    if reference is not None:
        return reference not in on and _too_deep(
            _target(reference, root), root, level, on | {reference}, seen
        )
    inner = [*node.get("properties", {}).values(), *([node["items"]] if "items" in node else [])]
    below = level + ("properties" in node or "items" in node)
    return below > 10 or any(
        _too_deep(one, root, at, on, seen)
        for at, ones in ((below, inner), (level, node.get("anyOf", ())))
        for one in ones
    )
