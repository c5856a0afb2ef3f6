"""The arguments of a tool that a question states: found by schema, never invented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from dragoman.assistant.offline.rank import Index, arguments_of, words_of
from dragoman.assistant.offline.said import Said, Value
from dragoman.operation import Effect, JsonSchema, JsonValue, Tool

__all__ = ["Filled", "Slot", "accepts", "fill", "slots"]

BESIDE, TYPED, ALONE, CHOSEN = 1.0, 0.8, 0.6, 0.5
"""How surely a value is an argument's: the argument's word stands beside it, only this argument's
schema takes it, nothing else is left on either side, or it is one of the argument's choices."""

_REACH = 3
_TEXTS = ("quoted", "name", "rest")
_SHAPED = ("email", "date")
_KEYS = (("number", "code", "quoted"),)
_FREE = (("code", "quoted"), ("name",), ("rest",))
"""Kinds of values that may be the one argument that is left, the surest first."""

_JUDGED = frozenset(
    ("type", "pattern", "format", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum")
)


@dataclass(frozen=True, slots=True)
class Slot:
    """An argument that one value can fill; `many` where it takes a list of such values."""

    name: str
    schema: JsonSchema
    required: bool
    many: bool = False

    @property
    def choices(self) -> list[str]:
        """Return the words that it takes, where it takes no others."""
        found = self.schema.get("enum")
        return [c for c in found if isinstance(c, str)] if isinstance(found, list | tuple) else []


@dataclass(frozen=True, slots=True)
class Filled:
    """What a question says of a tool's arguments, and how surely each value is one of them."""

    arguments: dict[str, JsonValue]
    missing: tuple[str, ...]
    used: dict[Value, float]


def slots(tool: Tool) -> list[Slot]:
    """Return the arguments that one value can fill and all that are required, these first."""
    names = tool.parameters.get("required")
    required = names if isinstance(names, list | tuple) else ()
    found = []
    for name, schema in arguments_of(tool).items():
        plain = _plain(schema, tool.parameters)
        items = _plain(plain.get("items"), tool.parameters)
        if name in required or (items or plain).get("type") in ("string", "integer", "number"):
            found.append(Slot(name, items or plain, name in required, many=bool(items)))
    return sorted(found, key=lambda slot: not slot.required)


def accepts(slot: Slot, value: JsonValue) -> bool:
    """Whether the schema of the argument takes the value."""
    import jsonschema_rs  # noqa: PLC0415 - not needed before a question is asked

    judged = {key: slot.schema[key] for key in _JUDGED & slot.schema.keys()}
    number = float(value) if isinstance(value, Decimal) else value
    try:
        return jsonschema_rs.is_valid(judged, number, validate_formats=True, offline=True)
    except ValueError:
        return False


def fill(place: int, said: Said, index: Index) -> Filled:
    """Return what the question states of the arguments of the tool at that place of the index."""
    found, near = slots(index.tools[place]), _Near(place, said, index)
    arguments: dict[str, JsonValue] = {}
    used: dict[Value, float] = {}
    for sure, slot, value in (*_choices(found, near), *_matches(found, near)):
        if slot.name not in arguments and value not in used:
            arguments[slot.name] = _argument(slot, value)
            used[value] = sure
    left = [slot for slot in found if slot.required and slot.name not in arguments]
    if len(left) == 1 and (last := _last(left[0], near, used)):
        slot = left.pop()
        arguments[slot.name] = _argument(slot, last)
        beside = last.kind in _TEXTS and near.has(last, index.names[place], after=True)
        used[last] = BESIDE if beside else ALONE
    return Filled(arguments, tuple(slot.name for slot in left), used)


@dataclass(frozen=True, slots=True)
class _Near:
    """The words around the values of a question, as the tool at one place reads them."""

    place: int
    said: Said
    index: Index

    def stems(self, name: str) -> frozenset[str]:
        return self.index.stems(words_of(name))

    def has(self, value: Value, words: frozenset[str], *, after: bool = False) -> bool | None:
        """Whether one of the words stands near the value; None where another tool's noun is next.

        A name may stand before what it is of: with `after`, the words behind it count too.
        """
        sides = (-1, 1) if after else (-1,)
        next_to = self._around(value, sides, 1)
        if not next_to & (words | self.index.about[self.place]):
            if any(map(self.index.is_noun, next_to)):
                return None
        return not words.isdisjoint(self._around(value, sides, _REACH))

    def _around(self, value: Value, sides: tuple[int, ...], reach: int) -> frozenset[str]:
        at = {value.place + side * step for side in sides for step in range(1, reach + 1)}
        return frozenset().union(*(stems for p, stems in enumerate(self.said.stems) if p in at))


def _choices(found: list[Slot], near: _Near) -> Iterator[tuple[float, Slot, Value]]:
    """Find the arguments of which the question names exactly one choice."""
    text = f" {near.said.text} "
    for slot in found:
        named = [choice for choice in slot.choices if f" {' '.join(words_of(choice))} " in text]
        if len(named) == 1 and not near.stems(named[0]) <= near.index.names[near.place]:
            yield CHOSEN, slot, Value("choice", named[0], 0)


def _matches(found: list[Slot], near: _Near) -> list[tuple[float, Slot, Value]]:
    """Find values beside a word of their argument's name, or that one schema alone takes."""
    matches = []
    for value in near.said.values:
        fitting = [slot for slot in found if value.kind not in _TEXTS[1:] and _fits(slot, value)]
        typed = [slot for slot in fitting if _is_picky(slot, near.said)]
        for slot in fitting:
            words = near.stems(slot.name)
            beside = near.has(value, words)
            if beside and not slot.required: beside = words-{"id"} <= near._around(value,(-1,),_REACH)
            if value.kind in words_of(slot.name) or (beside and value.kind not in _SHAPED):
                matches.append((BESIDE, slot, value))
            elif typed == [slot] and beside is not None:
                matches.append((TYPED, slot, value))
    return sorted(matches, key=lambda match: -match[0])


def _last(slot: Slot, near: _Near, used: Mapping[Value, float]) -> Value | None:
    """Return the one value that is left for the one argument that is left.

    Free text goes only to a reading tool, and into no argument that is an id of its nouns.
    """
    name = near.index.names[near.place]
    is_key = slot.schema.get("type") != "string" or bool(near.stems(slot.name) & (name | {"id"}))
    is_read = near.index.tools[near.place].effect is Effect.READ
    for kinds in _KEYS if is_key or used else _FREE[: 3 if is_read else 1]:
        left = [v for v in near.said.values if v.kind in kinds and v not in used]
        if left:
            own = [v for v in left if _fits(slot, v) and near.has(v, name, after=True) is not None]
            return own[0] if len(own) == len(left) == 1 else None
    return None


def _fits(slot: Slot, value: Value) -> bool:
    one = _one(slot, value)
    return one is not None and not slot.choices and accepts(slot, one)


def _is_picky(slot: Slot, said: Said) -> bool:
    """Whether the schema tells a value from words: it has a say, and takes no word of these."""
    says = not slot.schema.keys().isdisjoint(("pattern", "format"))
    return says and not any(accepts(slot, word) for word in said.words)


def _argument(slot: Slot, value: Value) -> JsonValue:
    return [_one(slot, value)] if slot.many else _one(slot, value)


def _one(slot: Slot, value: Value) -> JsonValue:
    kind = slot.schema.get("type")
    if kind in ("integer", "number") and value.kind == "number":
        return Decimal(value.text) if "." in value.text else int(value.text)
    return value.text if kind == "string" else None


def _plain(schema: JsonValue, root: JsonSchema, depth: int = 8) -> JsonSchema:
    """Return the first meaning of a schema that is not null, `$ref` and alternatives followed."""
    if not isinstance(schema, Mapping) or not depth:
        return {}
    reference, kind, defs = schema.get("$ref"), schema.get("type"), root.get("$defs")
    if isinstance(reference, str) and isinstance(defs, Mapping):
        return _plain(defs.get(reference.removeprefix("#/$defs/")), root, depth - 1)
    if isinstance(kind, list | tuple):
        return {**schema, "type": next((one for one in kind if one != "null"), "null")}
    for key in ("anyOf", "oneOf", "allOf"):
        branches = schema.get(key)
        for branch in branches if isinstance(branches, list | tuple) else ():
            plain = _plain(branch, root, depth - 1)
            if kind is None and plain.get("type") not in (None, "null"):
                return plain
    return schema
