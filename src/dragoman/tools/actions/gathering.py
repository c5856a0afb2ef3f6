"""One view of a schema that is spread over references and `allOf`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from dragoman.local_reference import definition_of
from dragoman.operation import JsonSchema, JsonValue

__all__ = [
    "Circular",
    "Gathered",
    "NotCarried",
    "is_null",
    "is_number",
    "items_of",
    "listed_in",
    "merged_of",
    "types_of",
]

_MAX_HOPS = 60
_COMPOSED = frozenset({"$ref", "allOf", "anyOf", "oneOf"})


class NotCarried(Exception):  # noqa: N818 - it becomes the reason of what is left out
    """An operation cannot be an action; its text says why."""


class Circular(Exception):  # noqa: N818 - no error: it is carried as text
    """A schema holds itself."""


@dataclass(slots=True)
class Gathered:
    """What speaks of one value, from wherever it stands: plain parts, and choices among schemas.

    `within` are the references that the value stands in: one of them again is a circle. `seen` are
    those that were followed for this value already, and need not be followed again.
    """

    root: JsonSchema
    within: Collection[str]
    seen: set[str]
    parts: list[JsonSchema] = field(default_factory=list)
    choices: list[Sequence[JsonValue]] = field(default_factory=list)

    def gather(self, schema: JsonValue, hops: int = 0) -> None:
        """Take in a schema; raises `Circular` where it holds itself, `NotCarried` out of bounds."""
        if not isinstance(schema, Mapping):
            return
        if hops > _MAX_HOPS or len(self.parts) > _MAX_HOPS:
            raise NotCarried("its arguments are composed of too many parts")
        own = {name: one for name, one in schema.items() if name not in _COMPOSED}
        if own:
            self.parts.append(own)
        reference = schema.get("$ref")
        if isinstance(reference, str):
            if reference in self.within:
                raise Circular
            if reference not in self.seen:
                self.seen.add(reference)
                self.gather(self._target(reference), hops + 1)
        for one in listed_in(schema.get("allOf")):
            self.gather(one, hops + 1)
        self.choices += [one for key in ("anyOf", "oneOf") if (one := listed_in(schema.get(key)))]

    def _target(self, reference: str) -> JsonValue:
        return definition_of({"$ref": reference}, self.root)


def merged_of(parts: Sequence[JsonSchema]) -> dict[str, JsonValue]:
    """Return one schema that is implied by all parts together: to leave something out widens."""
    merged: dict[str, JsonValue] = {}
    properties: dict[str, list[JsonValue]] = {}
    required: dict[str, None] = {}
    for part in parts:
        for name, value in part.items():
            if name == "properties" and isinstance(value, Mapping):
                for key, one in value.items():
                    properties.setdefault(key, []).append(one)
            elif name == "required":
                required |= dict.fromkeys(map(str, listed_in(value)))
            elif name == "type" and "type" in merged:
                merged["type"] = _common(merged["type"], value)
            else:
                merged.setdefault(name, value)
    if properties:
        merged["properties"] = {
            name: found[0] if len(found) == 1 else {"allOf": found}
            for name, found in properties.items()
        }
    if required:
        merged["required"] = list(required)
    return merged


def _common(one: JsonValue, other: JsonValue) -> JsonValue:
    """Return the types that both name; an integer is a number."""
    ours = [one] if isinstance(one, str) else listed_in(one)
    theirs = [other] if isinstance(other, str) else listed_in(other)
    both = [kind for kind in ours if kind in theirs]
    return both or (["integer"] if {"integer", "number"} <= {*ours, *theirs} else ours)


def types_of(merged: JsonSchema) -> list[str] | None:
    """Return the types of a value, None where nothing tells."""
    declared = merged.get("type")
    if isinstance(declared, str):
        return [declared]
    if found := [str(one) for one in listed_in(declared)]:
        return found
    if "properties" in merged or "required" in merged:
        return ["object"]
    return ["array"] if "items" in merged or "prefixItems" in merged else None


def items_of(merged: JsonSchema) -> JsonValue:
    """Return what the items of a list are: one schema, also where each place has its own."""
    first, rest = listed_in(merged.get("prefixItems")), merged.get("items", True)
    if not first:
        return rest
    return {"anyOf": first if rest is False else [*first, rest]}


def is_number(merged: JsonSchema, keyword: str) -> bool:
    """Whether a keyword has a number."""
    value = merged.get(keyword)
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_null(schema: JsonValue) -> bool:
    """Whether a schema is that of null alone."""
    return isinstance(schema, Mapping) and schema.get("type") == "null"


def listed_in(value: JsonValue) -> Sequence[JsonValue]:
    """Return a list, or an empty one."""
    return value if isinstance(value, list | tuple) else []
