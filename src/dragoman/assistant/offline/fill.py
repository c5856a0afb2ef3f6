"""The arguments of a tool that a question states: found by schema, never invented."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from dragoman.assistant.offline.rank import Index, arguments_of, required_of, words_of
from dragoman.assistant.offline.said import Said, Value
from dragoman.operation import Effect, JsonSchema, JsonValue, Tool

__all__ = ["ALONE", "Slot", "Step", "accepts", "fill"]

BESIDE, TYPED, ALONE, CHOSEN = 1.0, 0.8, 0.6, 0.5
"""How surely a value is an argument's: the argument's word stands beside it, only this argument's
schema takes it, nothing else is left on either side, or it is one of the argument's choices."""

_JUDGED = ("type", "pattern", "format", "minimum", "maximum")
_KEPT = ("description", "enum")


@dataclass(frozen=True, slots=True)
class Slot:
    """An argument; `own` are the words of its name, `parent` those of what it is an id of."""

    name: str
    schema: JsonSchema
    required: bool
    choices: tuple[str, ...]
    own: frozenset[str]
    parent: frozenset[str]


@dataclass(frozen=True, slots=True)
class Step:
    """A tool, its stated, open and missing arguments, and how surely each value is used."""

    tool: Tool
    arguments: dict[str, JsonValue]
    open: tuple[Slot, ...]
    missing: tuple[Slot, ...]
    used: dict[Value, float]


def accepts(slot: Slot, value: JsonValue) -> bool:
    """Whether the schema of the argument takes the value."""
    import jsonschema_rs  # noqa: PLC0415 - not needed before a question is asked

    judged = {key: slot.schema[key] for key in _JUDGED if key in slot.schema}
    try:
        return jsonschema_rs.is_valid(judged, value, validate_formats=True, offline=True)
    except ValueError:
        return False


def fill(place: int, said: Said, index: Index) -> Step:
    """Return what the question states of the arguments of the tool at that place of the index."""
    filling = _Filling(place, said, index)
    filling.take(sorted(filling.stated(), key=lambda match: -match[0]))
    filling.take(filling.last())
    missing = tuple(slot for slot in filling.left if slot.required)
    tool, left = index.tools[place], tuple(filling.left)
    return Step(tool, filling.arguments, left, missing, filling.used)


class _Filling:
    """A question as the tool at one place reads it; `left` are the arguments without a value."""

    def __init__(self, place: int, said: Said, index: Index) -> None:
        self.said, self.index = said, index
        self.name, self.about = index.names[place], index.about[place]
        self.is_read = index.tools[place].effect is Effect.READ
        self.left = list(_slots(index.tools[place], self.name & index.nouns, index))
        self.arguments: dict[str, JsonValue] = {}
        self.used: dict[Value, float] = {}

    def take(self, matches: Iterable[tuple[float, Slot, Value]]) -> None:
        for sure, slot, value in matches:
            if slot in self.left and value not in self.used:
                self.arguments[slot.name], self.used[value] = _typed(slot, value), sure
                self.left.remove(slot)

    def stated(self) -> Iterator[tuple[float, Slot, Value]]:
        """Find named choices, values beside a word of an argument, and what one schema takes."""
        for slot in self.left:
            named = [one for one in slot.choices if {*words_of(one)} <= {*self.said.words}]
            if len(named) == 1 and not self.index.stems(words_of(named[0])) <= self.name:
                yield CHOSEN, slot, Value("choice", named[0], 0)
        for value in self.said.values:
            fitting = [slot for slot in self.left if value.kind != "name" and _fits(slot, value)]
            picky = [slot for slot in fitting if _is_picky(slot, self.said)]
            before = self.said.near(value, 3, 0)
            for slot in fitting:
                is_near = slot.parent <= before or bool(slot.required and (slot.own | slot.parent) & before)
                is_near &= value.kind not in ("email", "date")
                if {value.kind} <= slot.own:
                    yield BESIDE, slot, value
                elif (is_near or picky == [slot]) and not self._is_other(value, slot.own):
                    yield BESIDE if is_near else TYPED, slot, value

    def last(self) -> Iterator[tuple[float, Slot, Value]]:
        """Match the one value that is left with the one argument that is left.

        Where none is required, that is a text which speaks of what the tool does. An id takes no
        free text, and free text that is not quoted goes to reading tools only.
        """
        free = [] if self.used else [slot for slot in self.left if self._is_free(slot)]
        left = [s for s in self.left if s.required] or [s for s in free if self._speaks(s)]
        kinds = ["code", "quoted", "number"]
        if left and left[0] in free:
            kinds[2:] = ["name"] if self.is_read else []
        values = [v for v in self.said.values if v.kind in kinds and v not in self.used]
        if len(left) == len(values) == 1 and _fits(left[0], values[0]):
            is_near = bool(self.said.near(values[0], 1, 0) & self.name)
            if not self._is_other(values[0], frozenset()):
                yield BESIDE if is_near else ALONE, left[0], values[0]

    def _is_other(self, value: Value, own: frozenset[str]) -> bool:
        """Whether a noun of other tools stands next to the value, and no word of this one."""
        beside = self.said.near(value, 1, 1)
        return bool(beside & self.index.nouns) and not beside & (own | self.about)

    def _is_free(self, slot: Slot) -> bool:
        is_text = slot.schema.get("type") == "string" and not slot.choices
        return is_text and slot.own == slot.parent and not slot.own & self.name

    def _speaks(self, slot: Slot) -> bool:
        said = self.index.stems(words_of(str(slot.schema.get("description", ""))))
        return bool(said & self.about & self.index.rare)


def _slots(tool: Tool, nouns: frozenset[str], index: Index) -> Iterator[Slot]:
    """Yield the arguments that one value can fill, and all that are required."""
    required = required_of(tool)
    for name, whole in arguments_of(tool).items():
        schema, words = _plain(whole, tool.parameters), words_of(name)
        if name in required or schema.get("type") in ("string", "integer", "number"):
            choices = tuple(one for one in _list(schema.get("enum")) if isinstance(one, str))
            own, of = index.stems(words), index.stems(words[:-1]) or nouns
            is_id = words[-1:] == [index.id_word] and of
            yield Slot(name, schema, name in required, choices, own, of if is_id else own)


def _is_picky(slot: Slot, said: Said) -> bool:
    """Whether the schema tells a value from words: it has a say, and takes no word of these."""
    says = "pattern" in slot.schema or "format" in slot.schema
    return says and not any(accepts(slot, word) for word in said.words)


def _fits(slot: Slot, value: Value) -> bool:
    one = _typed(slot, value)
    return one is not None and not slot.choices and accepts(slot, one)


def _typed(slot: Slot, value: Value) -> JsonValue:
    kind = slot.schema.get("type")
    if kind in ("integer", "number") and value.kind == "number":
        return Decimal(value.text) if "." in value.text else int(value.text)
    return value.text if kind == "string" or value.kind == "choice" else None


def _list(value: JsonValue) -> Sequence[JsonValue]:
    return value if isinstance(value, list | tuple) else ()


def _plain(schema: JsonSchema, root: JsonSchema) -> JsonSchema:
    """Follow `$ref` and the first alternative that is not null, a few steps."""
    defs = root.get("$defs")
    known = defs if isinstance(defs, Mapping) else {}
    for _ in range(6):
        inner = [known.get(str(schema.get("$ref")).removeprefix("#/$defs/"))]
        for key in ("anyOf", "oneOf", "allOf") if "type" not in schema else ():
            inner += _list(schema.get(key))
        found = [one for one in inner if isinstance(one, Mapping) and one.get("type") != "null"]
        schema = {**found[0], **{k: schema[k] for k in _KEPT if k in schema}} if found else schema
    kinds = [kind for kind in _list(schema.get("type")) if kind != "null"]
    return {**schema, "type": kinds[0]} if kinds else schema
