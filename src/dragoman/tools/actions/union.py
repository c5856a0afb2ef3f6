"""Alternatives as one form: whatever any of them accepts, the union accepts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias, cast

from dragoman.operation import JsonObject, JsonValue

__all__ = ["Shape", "alternatives", "conjunction", "union"]

Shape: TypeAlias = "dict[str, JsonValue]"
"""A form: of one type with its constraints, an `anyOf` of such, or an `enum` of mixed values."""


def union(shapes: Sequence[Shape]) -> Shape:
    """Return one form; objects are joined to one, and so are lists, so that members are listed."""
    flat = [one for shape in shapes for one in alternatives(shape)]
    objects = [one for one in flat if one.get("type") == "object"]
    lists = [one for one in flat if one.get("type") == "array"]
    kept: list[Shape] = [one for one in flat if one.get("type") not in ("object", "array")]
    if objects:
        kept.insert(0, _objects(objects))
    if lists:
        kept.append(_lists(lists))
    kept = _distinct(kept)
    return kept[0] if len(kept) == 1 else {"anyOf": kept}


def conjunction(shapes: Sequence[Shape]) -> Shape:
    """Return one form of what has to fit all of these: of objects all members, else the first."""
    first, *others = shapes
    for other in others:
        if first.get("type") == other.get("type") == "object":
            required = dict.fromkeys([*_required(first), *_required(other)])
            first = {**other, **first, "properties": {**_members(other), **_members(first)}}
            first |= {"required": list(required)} if required else {}
    return first


def alternatives(shape: Shape) -> list[Shape]:
    """Return the branches of a form, or the form itself where it has none."""
    found = shape.get("anyOf")
    return cast("list[Shape]", found) if isinstance(found, list) else [shape]


def _objects(shapes: Sequence[Shape]) -> Shape:
    """Join objects: every member of any, required where all require it."""
    if len(shapes) == 1:
        return shapes[0]
    found: dict[str, list[Shape]] = {}
    for shape in shapes:
        for name, one in _members(shape).items():
            found.setdefault(name, []).append(cast("Shape", one))
    made: Shape = {
        "type": "object",
        "properties": {name: union(one) for name, one in found.items()},
    }
    required = [name for name in found if all(name in _required(shape) for shape in shapes)]
    if required:
        made["required"] = required
    return _with_description(made, shapes)


def _lists(shapes: Sequence[Shape]) -> Shape:
    if len(shapes) == 1:
        return shapes[0]
    items = union([cast("Shape", shape["items"]) for shape in shapes])
    return _with_description({"type": "array", "items": items}, shapes)


def _with_description(made: Shape, shapes: Sequence[Shape]) -> Shape:
    text = next((shape["description"] for shape in shapes if "description" in shape), None)
    return {**made, "description": text} if text else made


def _distinct(shapes: Sequence[Shape]) -> list[Shape]:
    """Leave out what is said twice; one choice of values of a type is one `enum`."""
    kept: list[Shape] = []
    for shape in shapes:
        bare = _bare(shape)
        like = next((one for one in kept if _bare(one) == bare), None)
        if like is None:
            kept.append(shape)
        elif "enum" in like and "enum" in shape:
            values = [*cast("list[JsonValue]", like["enum"])]
            values += [v for v in cast("list[JsonValue]", shape["enum"]) if v not in values]
            kept[kept.index(like)] = {**like, "enum": values}
        else:
            kept[kept.index(like)] = {k: v for k, v in like.items() if k != "enum"}
    return kept


def _bare(shape: Shape) -> JsonObject:
    return {k: v for k, v in shape.items() if k not in ("description", "enum", "default")}


def _members(shape: Shape) -> JsonObject:
    return cast("Mapping[str, JsonValue]", shape.get("properties", {}))


def _required(shape: Shape) -> list[JsonValue]:
    return cast("list[JsonValue]", shape.get("required", []))
