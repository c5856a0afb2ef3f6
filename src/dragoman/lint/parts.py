"""A document in parts, by its form alone: one table serves OpenAPI 2.0, 3.0 and 3.1.

A part is what can be shared or belongs to one operation: the request of an operation, its answers,
a component. `Form` says what a value is, and so what its members are.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import NamedTuple
from urllib.parse import unquote

from dragoman.apis.openapi.pieces import pointer_of
from dragoman.apis.openapi.references import HOLDER
from dragoman.lint.finding import Place
from dragoman.operation import JsonObject, JsonValue

__all__ = ["MAPS", "MEMBERS", "VERBATIM", "Form", "Piece", "component_of", "pieces_of"]

_ANSWERS = ("responses", "callbacks")
_OF_2_0 = ("definitions", "parameters", "responses")


class Form(IntEnum):
    """What a value of a document is. A partial schema speaks of what others describe too."""

    NODE = 0
    NODES = 1
    SCHEMA = 2
    PARTIAL = 3
    SCHEMAS = 4
    DATA = 5
    SKIPPED = 6


MAPS = frozenset({Form.NODES, Form.SCHEMAS})
"""Objects whose keys are names that somebody chose."""

VERBATIM = MAPS | {Form.DATA}
"""Objects of which no member is a description of their own."""

_OF_NODE = {
    **dict.fromkeys(("paths", "responses", "headers", "content", "requestBodies"), Form.NODES),
    **dict.fromkeys(("pathItems", "callbacks", "links", "encoding", "variables"), Form.NODES),
    **dict.fromkeys(("securitySchemes", "securityDefinitions", HOLDER), Form.NODES),
    **dict.fromkeys(("schemas", "definitions"), Form.SCHEMAS),
    **dict.fromkeys(("schema", "items"), Form.SCHEMA),
    **dict.fromkeys(("enum", "default", "scopes", "mapping"), Form.DATA),
    **dict.fromkeys(("example", "examples"), Form.SKIPPED),
}
_OF_SCHEMA = {
    **dict.fromkeys(("properties", "patternProperties", "definitions"), Form.SCHEMAS),
    **dict.fromkeys(("$defs", "dependentSchemas"), Form.SCHEMAS),
    **dict.fromkeys(("items", "prefixItems", "additionalProperties"), Form.SCHEMA),
    **dict.fromkeys(("anyOf", "oneOf"), Form.SCHEMA),
    **dict.fromkeys(("allOf", "not", "if", "then", "else", "contains"), Form.PARTIAL),
    **dict.fromkeys(("propertyNames", "unevaluatedItems"), Form.PARTIAL),
    "unevaluatedProperties": Form.PARTIAL,
    **dict.fromkeys(("example", "examples"), Form.SKIPPED),
}
MEMBERS: Mapping[Form, tuple[Mapping[str, Form], Form]] = {
    Form.NODE: (_OF_NODE, Form.NODE),
    Form.NODES: ({}, Form.NODE),
    Form.SCHEMA: (_OF_SCHEMA, Form.DATA),
    Form.PARTIAL: (_OF_SCHEMA, Form.DATA),
    Form.SCHEMAS: ({}, Form.SCHEMA),
    Form.DATA: ({}, Form.DATA),
}
"""By what a value is: what its members are, by name and otherwise."""


class Piece(NamedTuple):
    """A part with its value. `base` is the place of the value; `without` are other parts in it."""

    place: Place
    base: Place
    value: JsonValue
    form: Form
    without: tuple[str, ...] = ()


def pieces_of(written: JsonObject) -> Iterator[Piece]:
    """Yield the parts of a document as it is written; what is only an example is none."""
    for key, value in written.items():
        if key == "paths" and isinstance(value, dict):
            for path, item in value.items():
                yield from _of_item((key, path), item)
        elif key == "components" and isinstance(value, dict):
            for kind, members in value.items():
                yield from _components((key, kind), members)
        elif key in _OF_2_0:
            yield from _components((key,), value)
        elif not key.startswith("x-") or key == HOLDER:
            yield Piece((key,), (key,), value, _OF_NODE.get(key, Form.NODE))


def _components(place: Place, members: JsonValue) -> Iterator[Piece]:
    kind = place[-1]
    if not isinstance(members, dict) or kind == "examples":
        return
    form = Form.SCHEMA if kind in ("schemas", "definitions") else Form.NODE
    for name, one in members.items():
        at = (*place, name)
        if kind == "pathItems":
            yield from _of_item(at, one)
        else:
            yield Piece(at, at, one, form)


def _of_item(place: Place, item: JsonValue) -> Iterator[Piece]:
    """Yield what a path says of all its operations, and each of them in two: asked and answered."""
    if not isinstance(item, dict):
        return
    nodes = {
        key: one for key, one in item.items() if isinstance(one, dict) and not key.startswith("x-")
    }
    yield Piece(place, place, item, Form.NODE, tuple(nodes))
    for member, node in nodes.items():
        at = (*place, member)
        yield Piece(at, at, node, Form.NODE, _ANSWERS)
        answers = {key: node[key] for key in _ANSWERS if key in node}
        yield Piece((*at, "responses"), at, answers, Form.NODE)


def component_of(reference: str) -> Place:
    """Return the place of the component that a reference leads into; () where it is none."""
    keys = pointer_of(unquote(reference[1:])) if reference.startswith("#/") else ()
    if keys[:1] == ("paths",):
        return ()
    return keys[:3] if keys[:1] == ("components",) else keys[:2]
