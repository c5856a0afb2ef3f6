"""The arguments of a tool that a question states: found by schema, never invented."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import jsonschema_rs

from dragoman.assistant.offline.words import Index, Said, Value, arguments_of, words_of
from dragoman.local_reference import definition_of
from dragoman.operation import Effect, JsonSchema, JsonValue, Tool

__all__ = ["ALONE", "Slot", "Step", "accepts", "fill"]

# How surely a value is an argument's: a word of the argument stands beside it, only this schema
# takes it, nothing else is left on either side, or it is one of the argument's choices.
BESIDE, TYPED, ALONE, CHOSEN = 1.0, 0.8, 0.6, 0.5
_JUDGED = ("type", "pattern", "format", "minimum", "maximum")


@dataclass(frozen=True, slots=True)
class Slot:
    """An argument; `own` are the words of its name, `parent` those of what it is an id of."""

    name: str
    schema: JsonSchema
    choices: tuple[str, ...]
    own: frozenset[str]
    parent: frozenset[str]
    required: bool


@dataclass(frozen=True, slots=True)
class Step:
    """A tool, its stated, open and missing arguments, and how surely each value is used."""

    tool: Tool
    arguments: dict[str, JsonValue]
    open: tuple[Slot, ...]
    missing: tuple[Slot, ...]
    used: dict[Value, float]


def fill(place: int, said: Said, index: Index) -> Step:
    """Return what the question states of the arguments of the tool at that place of the index.

    A value that could as well be another's, or an argument that could have another, is left out.
    """
    left = list(_slots(index.tools[place], index))
    pairs = [
        (sure, slot, value)
        for slot in left
        for value in (*said.values, *(Value("choice", one, 0) for one in slot.choices))
        if (sure := _sure(place, slot, value, said, index))
    ]
    arguments: dict[str, JsonValue] = {}
    used: dict[Value, float] = {}
    for sure, slot, value in sorted(pairs, key=lambda pair: -pair[0]):
        alike = [(s, v) for n, s, v in pairs if n == sure and s in left and v not in used]
        rivals = [one for one in alike if (one[0] == slot) != (one[1] == value)]
        if slot in left and value not in used and (sure == BESIDE or not rivals):
            arguments[slot.name], used[value] = _typed(slot, value), sure
            left.remove(slot)
    missing = tuple(slot for slot in left if slot.required)
    return Step(index.tools[place], arguments, tuple(left), missing, used)


def accepts(slot: Slot, value: JsonValue) -> bool:
    """Whether the schema of the argument takes the value."""
    judged = {key: slot.schema[key] for key in _JUDGED if key in slot.schema}
    try:
        return jsonschema_rs.is_valid(judged, value, validate_formats=True, offline=True)
    except ValueError:
        return False


def _slots(tool: Tool, index: Index) -> Iterator[Slot]:
    """Yield the arguments that one value can fill, and all that are required."""
    for name, whole in arguments_of(tool).items():
        schema, words = _plain(whole, tool.parameters), words_of(name)
        required, own = name in _list(tool.parameters, "required"), index.stems(words)
        if required or schema.get("type") in ("string", "integer", "number"):
            choices = tuple(one for one in _list(schema, "enum") if isinstance(one, str))
            parent = index.stems(words[:-1]) or own or {name}
            yield Slot(name, schema, choices, own, frozenset(parent), required)


def _sure(place: int, slot: Slot, value: Value, said: Said, index: Index) -> float:
    """Return how surely the value is the argument's, or 0.

    An id takes no free text, and free text that is not quoted goes to reading tools only.
    """
    if value.kind == "choice":
        is_said = {*words_of(value.text)} <= {*said.words} - index.names[place]
        return CHOSEN if is_said else 0.0
    if _typed(slot, value) is None:
        return 0.0
    before, beside = said.near(value, 3), said.near(value, 1, 1)
    is_near = bool(slot.own & before) if slot.required else slot.parent <= before
    if value.kind != "name":
        if {value.kind} <= slot.own or (is_near and value.kind not in ("email", "date")):
            return BESIDE
        if {"pattern", "format"} & slot.schema.keys():
            return TYPED
    is_free = slot.own == slot.parent and not slot.own & index.names[place]
    is_read = index.tools[place].effect is Effect.READ
    kinds = ("code", "quoted", "number" if not is_free else "name" if is_read else "")
    is_other = beside & index.nouns and not beside & index.about[place]
    topics = words_of(str(slot.schema.get("description", ""))) if is_free else []
    is_apt = index.stems(topics) & index.about[place] & index.rare
    if value.kind not in kinds or is_other or not (slot.required or is_apt):
        return 0.0
    return BESIDE if said.near(value, 1) & index.names[place] else ALONE


def _typed(slot: Slot, value: Value) -> JsonValue:
    """Return the value as the argument takes it, or None where it does not."""
    kind = slot.schema.get("type")
    typed: JsonValue = value.text
    if slot.choices:
        return typed if value.kind == "choice" else None
    if kind in ("integer", "number") and value.kind == "number":
        typed = Decimal(value.text) if "." in value.text else int(value.text)
    return typed if kind in ("string", "integer", "number") and accepts(slot, typed) else None


def _list(schema: JsonSchema, name: str) -> Sequence[JsonValue]:
    found = schema.get(name)
    return found if isinstance(found, list | tuple) else ()


def _plain(schema: JsonSchema, root: JsonSchema) -> JsonSchema:
    """Follow `$ref` and the first alternative that is not null, a few steps."""
    for _ in range(6):
        inner = [definition_of(schema, root)]
        for key in ("anyOf", "oneOf", "allOf") if "type" not in schema else ():
            inner += _list(schema, key)
        found = [one for one in inner if isinstance(one, Mapping) and one.get("type") != "null"]
        said = {key: schema[key] for key in ("description", "enum") if key in schema}
        schema = {**found[0], **said} if found else schema
    kinds = [kind for kind in _list(schema, "type") if kind != "null"]
    return {**schema, "type": kinds[0]} if kinds else schema
