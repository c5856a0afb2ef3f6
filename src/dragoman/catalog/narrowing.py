"""What changed of the arguments that an operation takes, and whether old calls are still right.

A change is safe only where it is proven that everything that was accepted still is.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, cast

from dragoman.local_reference import definition_name
from dragoman.operation import JsonObject, JsonSchema, JsonValue

__all__ = ["Difference", "Narrowing", "texts_of"]

_SECONDS = 20.0
_MAX_DEPTH = 12
_MAX_BYTES = 500_000
_MAX_FOUND = 50
_SHOWN = 200

_PROSE = frozenset({"$comment", "default", "deprecated", "description", "examples", "title"})
_NAMED = frozenset({"$defs", "dependentSchemas", "patternProperties", "properties"})
"""Keywords whose members are names that somebody chose, and no keywords."""

_WALKED = frozenset({"$defs", "$ref", "items", "properties", "required"})


class Difference(NamedTuple):
    """One difference, as a sentence; breaking where a call that was right may now be wrong."""

    breaking: bool
    text: str


@dataclass(slots=True)
class Narrowing:
    """Compares schemas, within a bound of time for all of them: descriptions may be hostile."""

    until: float = field(default_factory=lambda: time.monotonic() + _SECONDS)
    _seen: set[tuple[str, str]] = field(default_factory=set)

    def between(self, before: JsonSchema, after: JsonSchema) -> tuple[Difference, ...]:
        """Return the differences of two input schemas, breaking ones first; text does not count."""
        found: dict[Difference, None] = {}
        self._seen = set()
        for one in self._found(_Side(before, before), _Side(after, after), "", 0):
            found[one] = None
            if len(found) == _MAX_FOUND:
                break
        return tuple(sorted(found, key=lambda one: not one.breaking))

    def _found(self, old: _Side, new: _Side, path: str, depth: int) -> Iterator[Difference]:
        both = (old.reference(), new.reference())
        if both in self._seen or old.closed() == new.closed():
            return  # What is recursive, or used in several places, is told of once.
        if all(both):
            self._seen.add(both)
        old, new = old.resolved(), new.resolved()
        if depth > _MAX_DEPTH or not (old.is_walked() and new.is_walked()):
            yield self._leaf(old, new, path)
            return
        yield from self._members(old, new, path, depth)
        if old.says("items") and new.says("items"):
            yield from self._found(old.at("items"), new.at("items"), f"{path}[]", depth + 1)
        one, other = old.without(_WALKED), new.without(_WALKED)
        if one.closed() != other.closed():
            yield self._leaf(one, other, path)

    def _members(self, old: _Side, new: _Side, path: str, depth: int) -> Iterator[Difference]:
        ours, theirs = old.members(), new.members()
        before, now = old.required(), new.required()
        for name in dict.fromkeys((*ours, *theirs)):
            place = f"{path}.{name}" if path else name
            must = name in now
            if name not in theirs:
                yield Difference(breaking=True, text=f"{place} is gone")
            elif name not in ours:
                what = "is new and required" if must else "is new, and optional"
                yield Difference(breaking=must, text=f"{place} {what}")
            else:
                if must != (name in before):
                    what = "is required now" if must else "is optional now"
                    yield Difference(breaking=must, text=f"{place} {what}")
                yield from self._found(ours[name], theirs[name], place, depth + 1)

    def _leaf(self, old: _Side, new: _Side, path: str) -> Difference:
        where = path or "all arguments together"
        if self._takes_all(new, old):
            what = (
                _values_gone("also takes", new, old) or _types(old, new) or "takes more than before"
            )
            return Difference(breaking=False, text=f"{where} {what}")
        what = _values_gone("no longer takes", old, new) or _types(old, new)
        return Difference(breaking=True, text=f"{where} {what or 'takes less, or other values'}")

    def _takes_all(self, new: _Side, old: _Side) -> bool:
        """Whether it is proven that a schema accepts all that another one did."""
        import jsonschema_rs  # noqa: PLC0415 - only where schemas differ

        if time.monotonic() > self.until:
            return False
        one, other = new.closed(), old.closed()
        if max(len(one), len(other)) > _MAX_BYTES:
            return False
        try:
            wide, narrow = (
                jsonschema_rs.canonicalize(
                    json.loads(text), draft=jsonschema_rs.Draft202012, offline=True
                )
                for text in (one, other)
            )
        except (ValueError, jsonschema_rs.canonical.CanonicalizationError):
            return False
        return wide.covers(narrow) is jsonschema_rs.canonical.Containment.YES


@dataclass(frozen=True, slots=True)
class _Side:
    """A schema within another, whose definitions it may name."""

    schema: JsonValue
    root: JsonSchema

    def reference(self) -> str:
        """Return the reference, of a schema that says nothing else."""
        schema = self.schema
        is_alone = isinstance(schema, dict) and schema.keys() - _PROSE == {"$ref"}
        return str(cast("JsonObject", schema)["$ref"]) if is_alone else ""

    def resolved(self) -> _Side:
        """Follow references that say nothing else."""
        side = self
        for _ in range(_MAX_DEPTH):
            if not (reference := side.reference()):
                break
            side = _Side(self._definition(definition_name(reference) or ""), self.root)
        return side

    def is_walked(self) -> bool:
        """Whether its parts can be compared one by one."""
        return self.says("properties") or self.says("items")

    def says(self, keyword: str) -> bool:
        """Whether a keyword stands in it."""
        return isinstance(self.schema, dict) and keyword in self.schema

    def members(self) -> dict[str, _Side]:
        """Return the properties by name."""
        found = cast("JsonObject", self.schema).get("properties")
        given = found if isinstance(found, Mapping) else {}
        return {name: _Side(one, self.root) for name, one in given.items()}

    def required(self) -> list[JsonValue]:
        """Return the names of what is required."""
        found = cast("JsonObject", self.schema).get("required")
        return found if isinstance(found, list) else []

    def at(self, keyword: str) -> _Side:
        """Return the schema under a keyword."""
        return _Side(cast("JsonObject", self.schema)[keyword], self.root)

    def without(self, keywords: frozenset[str]) -> _Side:
        """Return the schema without some keywords."""
        given = cast("JsonObject", self.schema)
        return _Side({key: one for key, one in given.items() if key not in keywords}, self.root)

    def closed(self) -> str:
        """Return it as JSON, with the definitions that it reaches and without prose."""
        schema = _bare(self.schema)
        waiting, needed = [schema], dict[str, JsonValue]()
        while waiting:
            for name in _referred(waiting.pop()):
                if name not in needed:
                    needed[name] = _bare(self._definition(name))
                    waiting.append(needed[name])
        if isinstance(schema, dict):
            schema = {**{k: v for k, v in schema.items() if k != "$defs"}, "$defs": needed}
        return json.dumps(schema, sort_keys=True, default=str)

    def _definition(self, name: str) -> JsonValue:
        defs = self.root.get("$defs")
        return defs.get(name, True) if isinstance(defs, Mapping) else True


def _referred(schema: JsonValue) -> Iterator[str]:
    if isinstance(schema, dict):
        if name := definition_name(schema.get("$ref")):
            yield name
        for key, one in schema.items():
            if key != "$defs":
                yield from _referred(one)
    elif isinstance(schema, list):
        for one in schema:
            yield from _referred(one)


def _bare(schema: JsonValue) -> JsonValue:
    """Return a schema without what only people and models read."""
    if isinstance(schema, list):
        return [_bare(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    bare: dict[str, JsonValue] = {}
    for key, one in schema.items():
        if key in _NAMED and isinstance(one, dict):
            bare[key] = {name: _bare(inner) for name, inner in one.items()}
        elif key not in _PROSE:
            bare[key] = one if key in ("enum", "const") else _bare(one)
    return bare


def _types(old: _Side, new: _Side) -> str:
    one, other = _keyword(old, "type"), _keyword(new, "type")
    return "" if one == other else f"was {_told(one)}, and is {_told(other)}"


def _values_gone(what: str, one: _Side, other: _Side) -> str:
    """Say which values of an enum the other one has not."""
    values, left = _keyword(one, "enum"), _keyword(other, "enum")
    if not isinstance(values, list) or not isinstance(left, list):
        return ""
    gone = [_told(value) for value in values if value not in left]
    return f"{what} {', '.join(gone)[:_SHOWN]}" if gone else ""


def _keyword(side: _Side, keyword: str) -> JsonValue:
    return side.schema.get(keyword) if isinstance(side.schema, dict) else None


def _told(value: JsonValue) -> str:
    return "of any type" if value is None else json.dumps(value, default=str)[:_SHOWN].strip('"')


def texts_of(schema: JsonSchema) -> dict[str, str]:
    """Return the texts of a schema that a model may read, by where they stand."""
    found: dict[str, str] = {}
    _gather(schema, "", found)
    return found


def _gather(schema: JsonValue, path: str, found: dict[str, str]) -> None:
    if isinstance(schema, list):
        for number, one in enumerate(schema):
            _gather(one, f"{path}[{number}]", found)
    if not isinstance(schema, dict):
        return
    for key, one in schema.items():
        if key in _NAMED and isinstance(one, dict):
            for name, inner in one.items():
                _gather(inner, f"{path}.{name}" if path else name, found)
        elif key in _PROSE:
            text = one if isinstance(one, str) else json.dumps(one, default=str)
            found[f"{key} of {path}" if path else key] = text
        elif key not in ("enum", "const"):
            _gather(one, path, found)
