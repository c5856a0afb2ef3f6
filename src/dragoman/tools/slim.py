"""A schema as a model needs it: without what only people and programs read, and bounded in size.

Whatever is left out only widens the schema, so that a tool never refuses what the API accepts;
what it accepts beyond is refused on the call path, with an error that helps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from dragoman.exact_json import encode
from dragoman.operation import JsonSchema, JsonValue
from dragoman.tools.reduction import ABRIDGED, Level, Reduction, TooLarge

__all__ = ["ABRIDGED", "MAX_BYTES", "Slim", "slim"]

MAX_BYTES = 16_000
"""Of one tool's parameters as JSON: about 4,000 tokens, which is more than any but a few need."""

_LEVELS = (
    Level(depth=None, text=200),
    Level(depth=None, text=120),
    Level(depth=6, text=120),
    Level(depth=4, text=120),
    Level(depth=3, text=120),
    Level(depth=2, text=80),
    Level(depth=1, text=80),
    Level(depth=1, text=0),
)
"""Tried in turn until the schema fits. Prose is shortened before structure is lost."""

_MAX_OUTLINED = 40
_MAX_PLACE = 200
_OUTLINED = "too large to show: only what is required is listed, and all that the API documents is "
_OUTLINED += "accepted"


@dataclass(frozen=True, slots=True)
class Slim:
    """The schema, the places (JSON pointers) where something was cut from it, and the report."""

    schema: JsonSchema
    cut: tuple[str, ...]
    notes: tuple[str, ...] = ()


def slim(schema: JsonSchema, *, without: Collection[str] = (), max_bytes: int = MAX_BYTES) -> Slim:
    """Return the input schema of an operation, slimmed, without the arguments named."""
    root = _without(schema, without)
    for level in _LEVELS:
        reduction = Reduction(root, level)
        try:
            reduced = reduction.run()
            size = len(encode(reduced))
        except (TooLarge, ValueError):
            continue
        if size <= max_bytes:
            return Slim(reduced, tuple(reduction.cut), tuple(_notes(reduction)))
    return Slim(_outline(root), ("",), (_OUTLINED,))


def _notes(reduction: Reduction) -> Iterator[str]:
    """Say what is not shown of a schema; all of it is accepted, and enforced, on the call path."""
    if reduction.cut:
        places = ", ".join(place[:_MAX_PLACE] for place in reduction.cut)
        yield f"abridged, and accepted all the same: {places}"
    if reduction.untold:
        yield f"not shown, and enforced on the call: {', '.join(sorted(reduction.untold))}"
    if reduction.shortened:
        yield f"descriptions shortened to {reduction.level.text} characters: {reduction.shortened}"


def _without(schema: JsonSchema, names: Collection[str]) -> JsonSchema:
    """Take arguments out of a flat object schema; it always ends with `properties`."""
    properties, required = schema.get("properties"), schema.get("required")
    kept: dict[str, JsonValue] = dict(properties) if isinstance(properties, Mapping) else {}
    for name in names:
        kept.pop(name, None)
    result = {"type": "object", **schema, "properties": kept}
    if isinstance(required, list | tuple):
        result["required"] = [name for name in required if name not in names]
    if not result.get("required"):
        result.pop("required", None)
    if isinstance(dependent := schema.get("dependentRequired"), Mapping):
        result["dependentRequired"] = _still_dependent(dependent, names)
    return result


def _still_dependent(dependent: JsonSchema, names: Collection[str]) -> JsonSchema:
    """Say which arguments need which others, without those that are filled in any case."""
    return {
        name: [one for one in needed if one not in names]
        for name, needed in dependent.items()
        if name not in names and isinstance(needed, list | tuple)
    }


def _outline(root: JsonSchema) -> JsonSchema:
    """Return what is left to say of a schema that does not fit at all: what is required."""
    required = root.get("required")
    names = list(required)[:_MAX_OUTLINED] if isinstance(required, list | tuple) else []
    return {
        "type": "object",
        "description": ABRIDGED,
        "properties": {str(name)[:100]: {} for name in names},
        "additionalProperties": True,
    }
