"""Writing one schema in what OpenAPI 3.0 and 3.1 have in common, every object with its members."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import cast

from dragoman.operation import JsonObject, JsonSchema, JsonValue
from dragoman.tools.actions.gathering import (
    Circular,
    Gathered,
    NotCarried,
    is_null,
    is_number,
    items_of,
    listed_in,
    merged_of,
    types_of,
)
from dragoman.tools.actions.rules_of_operations import MAX_PARAMETER_TEXT
from dragoman.tools.actions.union import Shape, conjunction, union
from dragoman.tools.prose import bounded

__all__ = ["ANY_VALUE", "JsonText", "Loss", "Writing"]

_MAX_NODES = 4_000

_OF_TYPE = {
    "string": {"format", "maxLength", "minLength", "pattern"},
    "integer": {"format", "maximum", "minimum", "multipleOf"},
    "number": {"format", "maximum", "minimum", "multipleOf"},
    "array": {"maxItems", "minItems", "uniqueItems"},
    "boolean": set[str](),
    "object": set[str](),
}
"""Constraints that OpenAPI 3.0 and 3.1 write alike, by type."""

_HANDLED = set[str]().union(*_OF_TYPE.values()) | {
    *("additionalProperties", "const", "default", "deprecated", "description", "enum"),
    *("exclusiveMaximum", "exclusiveMinimum", "items", "patternProperties", "prefixItems"),
    *("properties", "required", "title", "type", "unevaluatedProperties"),
}
_ABOUT = ("description", "title", "default")
"""What is said of a value once, and not again with each of its alternatives."""

ANY_VALUE = "JSON text of any value; a text in quotes."
"""Ends the description of what no schema describes."""

_AS_TEXT = {
    "object-properties": "JSON text: an object whose members are not listed.",
    "circular-components": "JSON text: it holds its own kind again.",
    "document-size": "JSON text: its members are too many to list.",
    "any": ANY_VALUE,
}


@dataclass(frozen=True, slots=True)
class JsonText:
    """A place in the arguments that carries JSON text; None in the path is each item of a list.

    `check` names the check of the editor that the value as it is would fail. `scalars` tells
    whether text that reads as a number, truth value or text is taken as that.
    """

    path: tuple[str | None, ...]
    check: str
    scalars: bool = False

    @property
    def at(self) -> str:
        """The path as people read it."""
        return _dotted(self.path)


@dataclass(frozen=True, slots=True)
class Loss:
    """Something that the form does not say, at a place, and what is done instead."""

    at: str
    what: str

    def __str__(self) -> str:
        """Return it as one line."""
        return f"{self.at or 'the arguments'}: {self.what}"


@dataclass(slots=True)
class Writing:
    """Writes one schema at one depth, and gathers what it could not say."""

    root: JsonSchema
    depth: int
    texts: list[JsonText] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    _nodes: int = 0

    def value(
        self,
        schema: JsonValue,
        path: tuple[str | None, ...],
        within: Collection[str],
        seen: Collection[str] = (),
    ) -> Shape:
        """Return the form of a schema; `within` are the definitions that it stands in.

        `seen` are those whose parts the schema has already.
        """
        self._nodes += 1
        if self._nodes > _MAX_NODES:
            raise NotCarried("its arguments are too large to list")
        gathered = Gathered(self.root, within, set(seen))
        try:
            gathered.gather(schema)
        except Circular:
            return self._text(path, "circular-components", {})
        merged = merged_of(gathered.parts)
        if not gathered.choices:
            return self._typed(merged, path, {*within, *gathered.seen})
        unions = [self._union(choice, gathered, path) for choice in gathered.choices]
        is_nullable = any(is_null(one) for choice in gathered.choices for one in choice)
        about = {name: merged[name] for name in _ABOUT if name in merged}
        return _described(conjunction(unions), about, "May be null." if is_nullable else "")

    def _union(
        self, choice: Sequence[JsonValue], gathered: Gathered, path: tuple[str | None, ...]
    ) -> Shape:
        """Return the form of a choice: each branch together with what holds beside the choice."""
        branches = [one for one in choice if not is_null(one)]
        if len(branches) < len(choice):
            self._lose(path, "null cannot be said; it is accepted")
        if len(branches) > 1:
            self._lose(path, "of its alternatives one form is made; which fits is checked by us")
        parts = [{k: one for k, one in p.items() if k not in _ABOUT} for p in gathered.parts]
        shapes = [
            self.value({"allOf": [*parts, one]}, path, gathered.within, gathered.seen)
            for one in branches
        ]
        return union(shapes) if shapes else self._text(path, "any", {})

    def _typed(
        self, merged: JsonSchema, path: tuple[str | None, ...], within: Collection[str]
    ) -> Shape:
        types = types_of(merged)
        if types is not None and "null" in types:
            types = [one for one in types if one != "null"]
            self._lose(path, "null cannot be said; it is accepted")
        if types is None and _choices(merged):
            return _described({}, merged)
        if not types:
            return self._text(path, "any", merged)
        self._lose_keywords(merged, path)
        return union([self._one(kind, merged, path, within) for kind in types])

    def _one(
        self, kind: str, merged: JsonSchema, path: tuple[str | None, ...], within: Collection[str]
    ) -> Shape:
        if kind == "object":
            return self._object(merged, path, within)
        made: Shape = {"type": kind if kind in _OF_TYPE else "string"}
        if kind == "array":
            made["items"] = self.value(items_of(merged), (*path, None), within)
        made |= {
            name: merged[name]
            for name in merged
            if name in _OF_TYPE.get(kind, ()) and merged[name] is not None
        }
        for name, keyword in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
            if name not in made and kind in ("integer", "number") and is_number(merged, keyword):
                made[name] = merged[keyword]
        return _described(made, merged)

    def _object(
        self, merged: JsonSchema, path: tuple[str | None, ...], within: Collection[str]
    ) -> Shape:
        declared = cast("JsonObject", merged.get("properties", {}))
        required = [str(name) for name in listed_in(merged.get("required"))]
        names = {name: one for name, one in declared.items() if one is not False}
        names |= {name: True for name in required if name not in declared}
        others = merged.get("additionalProperties", merged.get("unevaluatedProperties"))
        if not names and path and others is not False:
            return self._text(path, "object-properties", merged)
        if len([one for one in path if one is not None]) >= self.depth and names:
            return self._text(path, "document-size", merged)
        if names and (others not in (None, False) or "patternProperties" in merged):
            self._lose(path, "members beyond those that are listed cannot be sent")
        made: Shape = {
            "type": "object",
            "properties": {
                name: self.value(one, (*path, name), within) for name, one in names.items()
            },
        }
        if required:
            made["required"] = required
        return _described(made, merged)

    def _text(self, path: tuple[str | None, ...], check: str, merged: JsonSchema) -> Shape:
        """Return a place for JSON text in place of what cannot be written down."""
        self.texts.append(JsonText(path, check, scalars=check == "any"))
        self._lose(path, "it is carried as JSON text")
        kept = {name: merged[name] for name in ("description", "title") if name in merged}
        return _described({"type": "string"}, kept, _AS_TEXT[check])

    def _lose_keywords(self, merged: JsonSchema, path: tuple[str | None, ...]) -> None:
        for name in merged:
            if name not in _HANDLED and not name.startswith("$"):
                self._lose(path, f"{name} is not shown; it is enforced")

    def _lose(self, path: tuple[str | None, ...], what: str) -> None:
        self.losses.append(Loss(_dotted(path), what))


def _described(made: Shape, merged: JsonSchema, also: str = "") -> Shape:
    """Add description, choices and default, and say in words what no keyword says."""
    if "properties" not in made and "anyOf" not in made and "items" not in made:
        if choices := _choices(merged):
            made["enum"] = choices
        if isinstance(merged.get("default"), str | int | float):
            made["default"] = merged["default"]
    ours = " ".join(part for part in (also, *_said(merged)) if part)
    text = merged.get("description") or merged.get("title") or made.get("description")
    theirs = bounded(text, MAX_PARAMETER_TEXT - len(ours) - 1) if isinstance(text, str) else ""
    if theirs or ours:
        made["description"] = f"{theirs} {ours}".strip()
    return made


def _choices(merged: JsonSchema) -> list[JsonValue]:
    """Return the values that may be chosen, without null."""
    options = merged.get("enum", [merged["const"]] if "const" in merged else None)
    return [one for one in listed_in(options) if one is not None]


def _dotted(path: tuple[str | None, ...]) -> str:
    return ".".join("[]" if one is None else one[:80] for one in path)


def _said(merged: JsonSchema) -> list[str]:
    """Return in words what OpenAPI 3.0 and 3.1 do not write alike."""
    types = merged.get("type")
    words = ["May be null."] if isinstance(types, list | tuple) and "null" in types else []
    for keyword, word in (("exclusiveMinimum", "More than"), ("exclusiveMaximum", "Less than")):
        if is_number(merged, keyword):
            words.append(f"{word} {merged[keyword]}.")
    return words
