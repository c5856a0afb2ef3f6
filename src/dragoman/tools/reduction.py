"""Reducing one schema to one level of detail, in JSON Schema 2020-12.

Depth counts values inside values. Keywords that speak of the same value (`allOf`, `anyOf`, …)
are at the depth of their schema, because cutting one of them alone would narrow the others.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import cast

from dragoman.local_reference import definition_name
from dragoman.operation import JsonSchema, JsonValue
from dragoman.tools.prose import bounded, plain, visible

__all__ = ["ABRIDGED", "Level", "Reduction", "TooLarge"]

ABRIDGED = "(abridged)"
"""Stands in the description of a schema from which something was cut."""

_DROPPED = frozenset(
    {"$comment", "$schema", "discriminator", "example", "examples", "externalDocs", "readOnly"}
    | {"writeOnly", "xml"}
)
_SILENT = _DROPPED | {"$defs", "default", "description", "enum", "title"}
"""What is left out without a word: nobody is refused for it, or it is told of otherwise."""

_INNER_MAPS = frozenset({"properties", "patternProperties"})
_INNER = frozenset(
    {"items", "additionalProperties", "contains", "propertyNames", "unevaluatedItems"}
    | {"unevaluatedProperties"}
)
_SAME_LISTS = frozenset({"allOf", "anyOf", "oneOf"})
_SAME = frozenset({"not", "if", "then", "else"})
_WITH_SCHEMAS = _INNER_MAPS | _INNER | _SAME_LISTS | _SAME | {"$ref", "prefixItems"}

# Under these a schema that became wider makes the whole narrower: they go when anything is cut.
_NARROWING = _SAME | {"maxContains", "unevaluatedItems", "unevaluatedProperties"}

# Keywords that say nothing of values of other types (JSON Schema validation, section 6).
_TYPE_OF = {
    **dict.fromkeys(("maxLength", "minLength", "pattern"), "string"),
    **dict.fromkeys(("contains", "maxItems", "minItems", "uniqueItems"), "array"),
    **dict.fromkeys(("maxProperties", "minProperties", "propertyNames"), "object"),
}

_MAX_NODES = 20_000
_MAX_NESTING = 100
_MAX_NOTED = 20
_MAX_TITLE = 100
_MAX_ENUM = 50
_MAX_DIGITS = 300
_MAX_TOLD_LENGTH = 1_000
_WIDTHS = frozenset({"double", "float", "int32", "int64"})


class TooLarge(Exception):  # noqa: N818 - no error: the next level is tried
    """The schema has more parts than are worth looking at."""


@dataclass(frozen=True, slots=True)
class Level:
    """What is kept: values to a depth (None is all), descriptions to a number of characters."""

    depth: int | None
    text: int


@dataclass(slots=True)
class Reduction:
    """One walk over a schema.

    `cut` holds the JSON pointers of what was not kept, `untold` the keywords of constraints that
    were left out, and `shortened` counts the descriptions that lost some of their text.
    """

    root: JsonSchema
    level: Level
    cut: list[str] = field(default_factory=list)
    untold: set[str] = field(default_factory=set)
    shortened: int = 0
    _nodes: int = 0
    _found: list[tuple[int, str]] = field(default_factory=list)

    def run(self) -> JsonSchema:
        """Return the reduced schema with the definitions it reaches; raises `TooLarge`."""
        result = dict(cast("JsonSchema", self._schema(self.root, 0, "", "", 0)))
        definitions: dict[str, JsonValue] = {}
        known = _definitions(self.root)
        while self._found:
            # The nearest first: a definition is kept in the detail of its nearest use.
            depth, name = heapq.heappop(self._found)
            if name not in definitions:
                definitions[name] = self._schema(known[name], depth, f"/$defs/{name}", "", 0)
        if definitions:
            result["$defs"] = definitions
        return result

    def _schema(self, schema: JsonValue, depth: int, at: str, name: str, nesting: int) -> JsonValue:
        if not isinstance(schema, Mapping):
            return schema
        self._nodes += 1
        if self._nodes > _MAX_NODES or nesting > _MAX_NESTING:
            raise TooLarge
        if self._is_beyond(depth) and not _WITH_SCHEMAS.isdisjoint(schema):
            return self._stub(schema, at)
        result: dict[str, JsonValue] = {}
        for key, value in schema.items():
            if self._keeps(key, schema, name):
                kept = "anyOf" if key == "oneOf" and self.level.depth is not None else key
                result[kept] = self._value(key, value, depth, at, nesting + 1)
            elif key not in _SILENT and not (key.startswith("x-") or _is_idle(key, schema)):
                self.untold.add(key)
        if "enum" in schema and "enum" not in result:
            self._note(f"{at}/enum")
            result["description"] = f"{result.get('description', '')} {ABRIDGED}".strip()
        return result

    def _is_beyond(self, depth: int) -> bool:
        return self.level.depth is not None and depth > self.level.depth

    def _keeps(self, key: str, schema: JsonSchema, name: str) -> bool:
        if key in _DROPPED or key == "$defs" or key.startswith("x-") or _is_idle(key, schema):
            return False
        if key == "title":
            return "description" not in schema and _says_more(schema[key], name)
        if key == "description":
            return self.level.text > 0
        if key == "$ref":
            return self._name(schema[key]) is not None
        if key in ("format", "maxLength", "default"):
            return _is_worth_telling(key, schema[key])
        if self.level.depth is None:
            return True
        if key == "enum":
            return len(cast("list[JsonValue]", schema[key])) <= _MAX_ENUM
        return key not in _NARROWING and not (key == "oneOf" and "anyOf" in schema)

    def _value(self, key: str, value: JsonValue, depth: int, at: str, nesting: int) -> JsonValue:
        """Return the value of one keyword, with the schemas in it reduced."""
        place = f"{at}/{key}"
        if key in ("description", "title"):
            return self._text(value, self.level.text if key == "description" else _MAX_TITLE)
        if key == "$ref":
            heapq.heappush(self._found, (depth, cast("str", self._name(value))))
        elif key in _INNER_MAPS and isinstance(value, Mapping):
            return {
                name: self._schema(one, depth + 1, f"{place}/{name}", name, nesting)
                for name, one in value.items()
            }
        elif key in _INNER:
            return self._schema(value, depth + 1, place, "", nesting)
        elif key in _SAME:
            return self._schema(value, depth, place, "", nesting)
        elif key == "dependentSchemas" and isinstance(value, Mapping):
            return {
                name: self._schema(one, depth, f"{place}/{name}", "", nesting)
                for name, one in value.items()
            }
        elif key in _SAME_LISTS or key == "prefixItems":
            inner = depth + (key == "prefixItems")
            parts = value if isinstance(value, list | tuple) else []
            return [
                self._schema(one, inner, f"{place}/{number}", "", nesting)
                for number, one in enumerate(parts)
            ]
        return _plain(value)

    def _text(self, text: JsonValue, limit: int) -> str:
        whole = visible(plain(text)) if isinstance(text, str) else ""
        shown = bounded(whole, limit)
        self.shortened += shown != whole
        return shown

    def _name(self, reference: JsonValue) -> str | None:
        """Return the definition that a reference names, or None where there is none."""
        name = definition_name(reference)
        return name if name in _definitions(self.root) else None

    def _stub(self, schema: JsonSchema, at: str) -> JsonSchema:
        """Stand in for a schema that is not shown: its type and what it is, open in all else."""
        self._note(at)
        name = self._name(schema.get("$ref"))
        target = _definitions(self.root)[name] if name is not None else None
        known = {**target, **schema} if isinstance(target, Mapping) else schema
        shown = self._text(known.get("description"), self.level.text)
        stub: dict[str, JsonValue] = {"description": f"{shown} {ABRIDGED}".strip()}
        if "type" in known:
            stub["type"] = known["type"]
        return stub

    def _note(self, at: str) -> None:
        if len(self.cut) < _MAX_NOTED:
            self.cut.append(at)


def _definitions(root: JsonSchema) -> Mapping[str, JsonValue]:
    definitions = root.get("$defs")
    return definitions if isinstance(definitions, Mapping) else {}


def _says_more(title: JsonValue, name: str) -> bool:
    """Generators write a name as title: `Order Id` of `order_id`, or `order_params`."""
    if " " not in str(title).strip():
        return False
    letters = "".join(filter(str.isalnum, str(title))).lower()
    return letters != "".join(filter(str.isalnum, name)).lower()


def _is_idle(key: str, schema: JsonSchema) -> bool:
    """Whether a keyword speaks of values of another type than the schema's."""
    return key in _TYPE_OF and isinstance(kind := schema.get("type"), str) and kind != _TYPE_OF[key]


def _is_worth_telling(key: str, value: JsonValue) -> bool:
    """Whether a model would write otherwise for knowing it; it is enforced in any case."""
    if key == "format":
        return value not in _WIDTHS
    if key == "default":
        return value is not None
    return not (isinstance(value, int | float | Decimal) and value >= _MAX_TOLD_LENGTH)


def _plain(value: JsonValue) -> JsonValue:
    """Return data with numbers that any JSON encoder writes; a decimal of a bound stays exact."""
    if isinstance(value, Decimal):
        whole = abs(value.adjusted()) < _MAX_DIGITS and value == value.to_integral_value()
        return int(value) if whole else float(value)
    if isinstance(value, Mapping):
        return {name: _plain(member) for name, member in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value
