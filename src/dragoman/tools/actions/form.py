"""The arguments of an operation as the GPT editor takes them.

One schema without references, in what OpenAPI 3.0 and 3.1 have in common, in which every object
lists its members: ChatGPT drops what no `properties` name. An object that lists none is carried
as JSON text, which `read_texts` reads back. What the form cannot say it only widens, and the call
path still accepts and enforces it; `losses` tell of each.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from dragoman.errors import ArgumentError
from dragoman.exact_json import encode
from dragoman.operation import JsonObject, JsonSchema, JsonValue
from dragoman.tools.actions.gathering import NotCarried
from dragoman.tools.actions.union import Shape, alternatives
from dragoman.tools.actions.writing import ANY_VALUE, JsonText, Loss, Writing
from dragoman.tools.arguments import read_arguments

__all__ = ["MAX_BYTES", "Form", "NotCarried", "form_of", "read_texts"]

MAX_BYTES = 16_000
"""Of the arguments of one operation as compact JSON: thirty of them fit into a document."""

_DEPTHS = (8, 6, 4, 3, 2, 1)
"""Of objects within objects, tried in turn until the whole fits."""


@dataclass(frozen=True, slots=True)
class Form:
    """The schema of the arguments, what in it is JSON text, and what it does not say."""

    schema: Mapping[str, JsonValue]
    texts: tuple[JsonText, ...] = ()
    losses: tuple[Loss, ...] = ()

    @property
    def properties(self) -> Mapping[str, JsonValue]:
        """The arguments by name."""
        return cast("JsonObject", self.schema["properties"])


def form_of(schema: JsonSchema) -> Form:
    """Return the form of a tool's parameters, a flat object with its own `$defs`.

    Raises `NotCarried` where they do not fit, or where their names are not all listed.
    """
    if schema.get("additionalProperties") is True:
        raise NotCarried("its arguments are too large to list")
    for depth in _DEPTHS:
        writing = Writing(schema, depth)
        try:
            made = writing.value(schema, (), frozenset())
        except NotCarried:
            continue
        if "properties" in made and len(encode(made)) <= MAX_BYTES:
            texts = {text.path: text for text in writing.texts}.values()
            told = tuple(one for text in texts if (one := _told(text, made)) is not None)
            return Form(made, told, tuple(dict.fromkeys(writing.losses)))
    raise NotCarried(f"its arguments are larger than {MAX_BYTES:,} bytes")


def _told(text: JsonText, made: Shape) -> JsonText | None:
    """Return the text as the form has it in the end; None where alternatives took its place.

    Scalars are read only where the form asks for JSON alone: beside a text, 5 may well be a text.
    """
    node = made
    for name in text.path:
        found = (_inner(one, name) for one in alternatives(node))
        node = next((one for one in found if one is not None), {})
    strings = [one for one in alternatives(node) if one.get("type") == "string"]
    asks = all(ANY_VALUE in str(one.get("description", "")) for one in strings)
    return replace(text, scalars=text.check == "any" and asks) if strings else None


def _inner(shape: Shape, name: str | None) -> Shape | None:
    inner = shape.get("items")
    if name is not None:
        inner = cast("JsonObject", shape.get("properties", {})).get(name)
    return cast("Shape | None", inner)


def read_texts(arguments: JsonObject, texts: Sequence[JsonText]) -> dict[str, JsonValue]:
    """Return arguments from ChatGPT with their JSON texts read.

    What is no JSON stays the text that it is, and *validate* says what is wrong with it; so does
    a value that was sent as it is.
    """
    by_path = {text.path: text for text in texts}
    above = frozenset(path[:length] for path in by_path for length in range(len(path)))
    return cast("dict[str, JsonValue]", _read_at(arguments, (), by_path, above))


def _read_at(
    value: JsonValue,
    path: tuple[str | None, ...],
    texts: Mapping[tuple[str | None, ...], JsonText],
    above: Collection[tuple[str | None, ...]],
) -> JsonValue:
    """Read the texts at a place and below; what stands within JSON text is JSON already."""
    if isinstance(value, str):
        return _read(value, scalars=texts[path].scalars) if path in texts else value
    if path not in above:
        return value
    if isinstance(value, Mapping):
        return {name: _read_at(one, (*path, name), texts, above) for name, one in value.items()}
    if isinstance(value, list):
        return [_read_at(one, (*path, None), texts, above) for one in value]
    return value


def _read(text: str, *, scalars: bool) -> JsonValue:
    """Read one JSON text as exactly and within the bounds of all arguments of a model."""
    try:
        members = read_arguments(f'{{"value": {text}}}')
    except ArgumentError:
        return text
    value = members["value"] if len(members) == 1 else text
    return value if scalars or isinstance(value, Mapping | list) else text
