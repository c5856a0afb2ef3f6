"""One object out of a schema and its `allOf`, where they can be joined without loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from dragoman.local_reference import definition_name
from dragoman.operation import JsonSchema, JsonValue

__all__ = ["CannotMerge", "closed", "merged"]

_ANNOTATIONS = frozenset({"default", "deprecated", "description", "title"})
_HIGHER = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_LOWER = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_MAX_PARTS = 200

Node = dict[str, JsonValue]


class CannotMerge(Exception):  # noqa: N818 - no error: the tool is not strict then
    """The parts say what no one schema can; the text says what, for `x …`."""


def merged(schema: JsonSchema, root: JsonSchema) -> Node:
    """Return the schema without `allOf`, and without a `$ref` that has constraints beside it.

    An object comes back closed (`additionalProperties: false`) where the parts together allow no
    other members; `unevaluatedProperties` stays only beside alternatives. Raises `CannotMerge`.
    """
    return _merged(schema, root, (), [0])


def _merged(schema: JsonSchema, root: JsonSchema, inside: tuple[str, ...], seen: list[int]) -> Node:
    """`inside` are the references that lead here, `seen` counts the parts: they multiply."""
    seen[0] += 1
    if seen[0] > _MAX_PARTS:
        raise CannotMerge("has too many parts to join")
    result: Node = {k: v for k, v in schema.items() if k not in ("$ref", "allOf")}
    closes = result.pop("unevaluatedProperties", None)
    parts = list(cast("list[JsonValue]", schema.get("allOf", ())))
    if "$ref" in schema:
        reference = cast("str", schema["$ref"])
        if reference in inside:
            raise CannotMerge("is a part of itself")
        inside = (*inside, reference)
        parts.insert(0, _target(reference, root))
    for part in parts:
        if part is False:
            raise CannotMerge("takes no value at all")
        if isinstance(part, Mapping):
            result = _both(result, _merged(part, root, inside, seen))
    if closes is not None and closes is not True:
        result["unevaluatedProperties"] = closes
    return result if {"anyOf", "oneOf"} & result.keys() else closed(result)


def closed(schema: Node) -> Node:
    """Return an object without alternatives with its end said by `additionalProperties`.

    What that says already holds for every member, so that none is left unevaluated.
    """
    result = {k: v for k, v in schema.items() if k != "unevaluatedProperties"}
    if "unevaluatedProperties" in schema:
        result.setdefault("additionalProperties", schema["unevaluatedProperties"])
    return result


def _target(reference: str, root: JsonSchema) -> JsonValue:
    name = definition_name(reference) or ""
    return cast("JsonSchema", root.get("$defs", {})).get(name, True)


def _both(one: Node, other: Node) -> Node:
    """Return what accepts what both accept."""
    result = {**other, **one}
    for key in one.keys() & other.keys():
        if key not in _ANNOTATIONS and one[key] != other[key]:
            result[key] = _value(key, one[key], other[key])
    for part in (one, other):
        if part.get("additionalProperties") is False:
            own = cast("JsonSchema", part.get("properties", {}))
            every = cast("JsonSchema", result.get("properties", {}))
            result["additionalProperties"] = False
            result["properties"] = {k: v if k in own else False for k, v in every.items()}
    return result


def _value(key: str, one: JsonValue, other: JsonValue) -> JsonValue:
    """Return the value of a keyword that stands in both with different values."""
    if key == "properties":
        a, b = cast("JsonSchema", one), cast("JsonSchema", other)
        common: Node = {k: a[k] if a[k] == b[k] else {"allOf": [a[k], b[k]]} for k in a if k in b}
        return {**a, **b, **common}
    if key == "required":
        return list(dict.fromkeys([*cast("list[str]", one), *cast("list[str]", other)]))
    if key == "items":
        return {"allOf": [one, other]}
    if key in _HIGHER or key in _LOWER:
        bounds = cast("tuple[float, float]", (one, other))
        return max(bounds) if key in _HIGHER else min(bounds)
    if key == "enum":
        both = cast("list[JsonValue]", other)
        return [choice for choice in cast("list[JsonValue]", one) if choice in both]
    if key == "type":
        return _types(one, other)
    if key == "additionalProperties":
        return one is not False and other is not False
    raise CannotMerge(f"has two different values of {key}")


def _types(one: JsonValue, other: JsonValue) -> JsonValue:
    a, b = ([kind] if isinstance(kind, str) else cast("list[str]", kind) for kind in (one, other))
    both = [kind for kind in a if kind in b or (kind == "integer" and "number" in b)]
    both += [kind for kind in b if kind == "integer" and "number" in a and kind not in both]
    return both
