"""Values drawn from a schema: deterministic, with required members alone or with all of them.

What is drawn may still miss the schema, where keywords contradict each other; who asks for a
value validates it, and draws again.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from judge.words import PLAIN, RICH, text_of_format, text_of_pattern

__all__ = ["Impossible", "Manner", "draw"]

_MAX_DEPTH = 14
_FULL_DEPTH = 4
_FULL_NODES = 1_500
_MAX_NODES = 20_000
_TIGHTER_UP = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
_TIGHTER_DOWN = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
_TYPES = {
    "object": ("properties", "required", "additionalProperties", "minProperties"),
    "array": ("items", "prefixItems", "minItems", "maxItems", "uniqueItems"),
    "integer": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
}

_FILE_MEMBERS = {"name", "media_type", "base64"}
_FILE = {"name": "a.txt", "base64": "aGFsbG8="}

Node = Mapping[str, Any]


class Impossible(Exception):  # noqa: N818 - a way that leads nowhere, not a fault
    """There is no value this way, or it would be too deep."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How to draw: the chance of an optional member, the items of a list, unusual text or plain."""

    optional: float
    items: int
    rich: bool = False


def draw(schema: Node, rng: random.Random, manner: Manner) -> Any:
    """Return a value for a schema; raises `Impossible` where none was found."""
    return _Drawing(schema, rng, manner).value(schema, 0)


@dataclass(slots=True)
class _Drawing:
    root: Node
    rng: random.Random
    manner: Manner
    nodes: int = field(default=0)

    def value(self, schema: Any, depth: int) -> Any:
        self.nodes += 1
        if depth > _MAX_DEPTH or self.nodes > _MAX_NODES:
            raise Impossible
        merged: dict[str, Any] = {}
        self._merge(schema, merged, 0)
        if "const" in merged:
            return merged["const"]
        if "enum" in merged:
            options = [one for one in merged["enum"] if one is not None] or merged["enum"]
            return self._one_of(options)
        match self._type(merged):
            case "object":
                return self._object(merged, depth)
            case "array":
                return self._array(merged, depth)
            case "string":
                return self._text(merged)
            case "integer" | "number" as kind:
                return self._number(merged, kind)
            case "boolean":
                return bool(self.rng.getrandbits(1))
            case _:
                return None

    # One view of a schema that is spread over references, allOf and choices

    def _merge(self, schema: Any, into: dict[str, Any], hops: int) -> None:
        if schema is False or hops > 100:
            raise Impossible
        if not isinstance(schema, Mapping):
            return
        for key, value in schema.items():
            if key == "$ref":
                self._merge(self._target(value), into, hops + 1)
            elif key == "allOf":
                for one in value:
                    self._merge(one, into, hops + 1)
            elif key in ("oneOf", "anyOf"):
                self._merge(self._choice(value), into, hops + 1)
            else:
                _combine(into, key, value)

    def _target(self, reference: str) -> Any:
        found: Any = self.root
        for part in reference.removeprefix("#").strip("/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")] if part else found
        return found

    def _choice(self, options: Sequence[Any]) -> Any:
        useful = [one for one in options if one is not False and one != {"type": "null"}]
        return self._one_of(useful or options)

    def _one_of(self, options: Sequence[Any]) -> Any:
        if not options:
            raise Impossible
        return self.rng.choice(options)

    def _type(self, merged: Node) -> str:
        declared = merged.get("type")
        if declared is not None:
            kinds = [declared] if isinstance(declared, str) else list(declared)
            return str(self._one_of([one for one in kinds if one != "null"] or kinds))
        for kind, keywords in _TYPES.items():
            if any(word in merged for word in keywords):
                return kind
        return "string"

    def _by_chance(self) -> bool:
        return self.rng.random() < self.manner.optional

    # The types

    def _object(self, merged: Node, depth: int) -> dict[str, Any]:
        properties, required = merged.get("properties", {}), merged.get("required", [])
        if properties.keys() == _FILE_MEMBERS:
            return dict(_FILE)
        more = self.manner.optional > 0 and depth < _FULL_DEPTH and self.nodes < _FULL_NODES
        made: dict[str, Any] = {}
        for name in dict.fromkeys([*properties, *required]):
            if name in required:
                made[name] = self.value(properties.get(name, {}), depth + 1)
            elif more and properties[name] is not False and self._by_chance():
                try:
                    made[name] = self.value(properties[name], depth + 1)
                except Impossible:
                    continue
        others = merged.get("additionalProperties", merged.get("unevaluatedProperties"))
        wanted = merged.get("minProperties", 0)
        if isinstance(others, Mapping) and more:
            wanted = max(wanted, len(made) + 1)
        while len(made) < wanted and others is not False:
            made[f"more{len(made)}"] = self.value(others or {}, depth + 1)
        return made

    def _array(self, merged: Node, depth: int) -> list[Any]:
        least, most = merged.get("minItems", 0), merged.get("maxItems", 50)
        count = max(least, min(most, self.manner.items))
        made = [self.value(one, depth + 1) for one in merged.get("prefixItems", [])[:most]]
        tries = 0
        while len(made) < count and tries < count + 20:
            tries += 1
            item = self.value(merged.get("items", {}), depth + 1)
            if not merged.get("uniqueItems") or item not in made:
                made.append(item)
        return made

    def _text(self, merged: Node) -> str:
        least, most = int(merged.get("minLength", 0)), merged.get("maxLength")
        text = text_of_format(merged.get("format", ""), merged.get("contentEncoding", ""))
        if "pattern" in merged and not re.search(merged["pattern"], text or ""):
            return text_of_pattern(merged["pattern"], least, most)
        if text is None:
            text = self.rng.choice(RICH if self.manner.rich else PLAIN)
        if len(text) < least:
            text += "x" * (least - len(text))
        return text if most is None else text[: int(most)]

    def _number(self, merged: Node, kind: str) -> int | float:
        low, high = merged.get("minimum"), merged.get("maximum")
        step = merged.get("multipleOf", 1 if kind == "integer" else 0.25)
        options = [0, 1, 7, 40] if kind == "integer" else [0, 0.5, 1.25, 40]
        if "exclusiveMinimum" in merged:
            low = merged["exclusiveMinimum"] + step
        if "exclusiveMaximum" in merged:
            high = merged["exclusiveMaximum"] - step
        options += [one for one in (low, high) if one is not None]
        fitting = [
            int(one) if kind == "integer" else one
            for one in options
            if (low is None or one >= low) and (high is None or one <= high)
        ]
        number: int | float = self._one_of(
            [n for n in fitting if "multipleOf" not in merged or n % step == 0]
        )
        return number


def _combine(into: dict[str, Any], key: str, value: Any) -> None:
    """Add one keyword to what is merged, so that a value fits both."""
    if key not in into:
        into[key] = value
    elif key == "properties":
        both = {name: {"allOf": [into[key][name], one]} for name, one in value.items()
                if name in into[key]}  # fmt: skip
        into[key] = {**into[key], **value, **both}
    elif key == "required":
        into[key] = list(dict.fromkeys([*into[key], *value]))
    elif key == "enum":
        into[key] = [one for one in into[key] if one in value]
    elif key == "type":
        into[key] = _common(_listed(into[key]), _listed(value))
    elif key in _TIGHTER_UP:
        into[key] = max(into[key], value)
    elif key in _TIGHTER_DOWN:
        into[key] = min(into[key], value)
    elif key == "items":
        into[key] = {"allOf": [into[key], value]}


def _listed(types: str | Iterable[str]) -> list[str]:
    return [types] if isinstance(types, str) else list(types)


def _common(one: list[str], other: list[str]) -> list[str]:
    both = [kind for kind in one if kind in other]
    if not both and {"integer", "number"} <= {*one, *other}:
        return ["integer"]
    return both
