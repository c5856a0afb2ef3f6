"""One walk over a document as it is written: what stands where in each of its parts.

Findings of a part count for every operation that reaches it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dragoman.lint.finding import Place
from dragoman.lint.parts import MAPS, MEMBERS, VERBATIM, Form, Piece, component_of, pieces_of
from dragoman.lint.texts import faults
from dragoman.lint.words import cryptic_words
from dragoman.operation import JsonObject

__all__ = ["FIELD_LIMIT", "MAX_VALUES", "Named", "Part", "Survey", "Suspect", "survey"]

FIELD_LIMIT = 120
"""Characters of the description of one argument or member, before it is called long."""

MAX_VALUES = 3_000_000
"""Objects, lists and texts in lists that are walked: thirty times as many as GitHub's has."""

_PROSE = frozenset({"description", "summary", "title"})
_MAX_LISTED = 1_000
_SAYS_NOTHING = frozenset(
    {"$comment", "default", "deprecated", "description", "example", "examples", "externalDocs"}
    | {"nullable", "readOnly", "summary", "title", "writeOnly", "xml", "type"}
)
_OPEN = frozenset({"additionalProperties", "unevaluatedProperties"})

_Link = tuple[Any, str | int]
"""A place while walking: the link of the owner, and the key below it. Made in no time."""


@dataclass(frozen=True, slots=True)
class Named:
    """A place with the name that it is known by, or with its text."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """A text with what is wrong with it; `prose` tells that nothing of it is ever sent."""

    place: Place
    wrong: tuple[str, ...]
    prose: bool


@dataclass(slots=True)
class Part:
    """What was found in one part; `references` are the places of the components it names."""

    place: Place
    references: set[Place] = field(default_factory=set)
    suspect: list[Suspect] = field(default_factory=list)
    undescribed: list[Named] = field(default_factory=list)
    untyped: list[Named] = field(default_factory=list)
    long: list[Named] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Survey:
    """The parts of a document by place, and all of its prose, each text once."""

    parts: Mapping[Place, Part]
    prose: Mapping[str, tuple[str, ...]]
    is_whole: bool


def survey(written: JsonObject) -> Survey:
    """Return what stands in each part of a document."""
    walk = _Walk()
    parts: dict[Place, Part] = {}
    for piece in pieces_of(written):
        parts[piece.place] = walk.part(piece)
        if walk.values > MAX_VALUES:
            break
    return Survey(parts, walk.prose, is_whole=walk.values <= MAX_VALUES)


@dataclass(slots=True)
class _Walk:
    """Without recursion: a document may be nested at will."""

    prose: dict[str, tuple[str, ...]] = field(default_factory=dict)
    values: int = 0
    waiting: deque[tuple[Any, Form, _Link, str]] = field(default_factory=deque)

    def part(self, piece: Piece) -> Part:
        part = Part(piece.place)
        link: Any = None
        for key in piece.base:
            link = (link, key)
        value = piece.value
        if piece.without and isinstance(value, dict):
            value = {key: one for key, one in value.items() if key not in piece.without}
        self.waiting = deque([(value, piece.form, link, str(piece.base[-1]))])
        while self.waiting and self.values <= MAX_VALUES:
            value, form, link, name = self.waiting.popleft()
            self.values += 1
            if type(value) is dict:
                _look(part, value, form, link, name)
                self.members(part, value, form, link, name)
            elif type(value) is list:
                self.waiting.extend((one, form, (link, n), name) for n, one in enumerate(value))
            elif type(value) is str:
                self.text(part, value, link, is_prose=False)
        return part

    def members(
        self, part: Part, value: dict[str, Any], form: Form, link: _Link, name: str
    ) -> None:
        named, others = MEMBERS[form]
        for key, one in value.items():
            inner = named.get(key, others)
            if inner is Form.SKIPPED or (key.startswith("x-") and form not in MAPS):
                continue
            if not key.isascii() and (wrong := faults(key)):
                _suspect(part, (link, key), wrong, is_prose=False)
            if type(one) is str:
                if key == "$ref" and form is not Form.SCHEMAS:
                    part.references.add(component_of(one))
                elif one:
                    is_prose = key in _PROSE and form not in VERBATIM
                    self.text(part, one, (link, key), is_prose=is_prose)
            elif type(one) is dict or type(one) is list:
                known = _known_as(key, value, name) if form not in MAPS else key
                self.waiting.append((one, inner, (link, key), known))

    def text(self, part: Part, text: str, link: _Link, *, is_prose: bool) -> None:
        wrong = self.prose.get(text)
        if wrong is None:
            wrong = faults(text)
            if is_prose:
                self.prose[text] = wrong
        if wrong:
            _suspect(part, link, wrong, is_prose=is_prose)
        is_long = is_prose and len(text) > FIELD_LIMIT and link[1] == "description"
        if is_long and len(part.long) < _MAX_LISTED:
            part.long.append(Named(_place(link), text))


def _known_as(key: str, owner: dict[str, Any], name: str) -> str:
    """Return the name for people of what has none of its own: that of its owner."""
    own = owner.get("name") if key == "schema" else None
    return own if type(own) is str else name


def _suspect(part: Part, link: _Link, wrong: tuple[str, ...], *, is_prose: bool) -> None:
    if len(part.suspect) < _MAX_LISTED:
        part.suspect.append(Suspect(_place(link), wrong, is_prose))


def _look(part: Part, node: dict[str, Any], form: Form, link: _Link, name: str) -> None:
    """Note what a schema or a parameter does not say."""
    if form is Form.SCHEMA:
        if len(part.untyped) < _MAX_LISTED and _is_untyped(node):
            part.untyped.append(Named(_place(link), name))
    elif form is Form.SCHEMAS:
        for key, one in node.items():
            if type(one) is dict and _is_undescribed(key, one):
                _unclear(part, (link, key), key)
    elif form is Form.NODE and type(node.get("in")) is str and type(node.get("name")) is str:
        schema = node.get("schema")
        inner = schema if type(schema) is dict else {}
        if node.get("type") != "apiKey" and _is_undescribed(node["name"], {**inner, **node}):
            _unclear(part, link, node["name"])


def _is_undescribed(name: str, node: dict[str, Any]) -> bool:
    # What a reference names is described there.
    said = node.get("description") or node.get("title") or "$ref" in node
    return not said and bool(cryptic_words(name))


def _unclear(part: Part, link: _Link, name: str) -> None:
    if len(part.undescribed) < _MAX_LISTED:
        part.undescribed.append(Named(_place(link), name))


def _is_untyped(schema: dict[str, Any]) -> bool:
    """Whether a schema leaves open what is to be sent: any value, any members, any items."""
    for key, value in schema.items():
        if key in _SAYS_NOTHING or key.startswith("x-"):
            continue
        if key not in _OPEN or value is False or (type(value) is dict and value):
            return False
    kind = schema.get("type", "object")
    return kind in ("object", "array") or (type(kind) is list and "object" in kind)


def _place(link: _Link | None) -> Place:
    keys: list[str | int] = []
    while link is not None:
        keys.append(link[1])
        link = link[0]
    return tuple(reversed(keys))
