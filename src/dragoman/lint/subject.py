"""What rules look at: a document as it is written, as it is read, and as tools are made of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast

from dragoman.apis.description import Description
from dragoman.apis.openapi.document import Document, list_of
from dragoman.apis.openapi.jsonpath import MAX_DEPTH, MAX_QUERY
from dragoman.apis.openapi.listing import Listed, Listing, listing_of, place_of
from dragoman.apis.openapi.load import Source
from dragoman.apis.openapi.pieces import pointer_of
from dragoman.apis.openapi.read import described
from dragoman.apis.openapi.references import HOLDER
from dragoman.apis.openapi.swagger import upgraded
from dragoman.config.settings import ApiSettings
from dragoman.errors import DescriptionError
from dragoman.lint.finding import Place
from dragoman.lint.survey import Survey, survey
from dragoman.lint.texts import clean
from dragoman.operation import JsonObject, JsonValue, Operation, Tool
from dragoman.tools.size import Size, size_of
from dragoman.tools.tools import make_tools

__all__ = ["Examined", "Subject", "mended", "subject_of"]

_Tree = dict[str | int, object]
"""Texts by the way that leads to them."""

_MAX_CHAIN = 32
_PLACEHOLDER = "http://localhost"
NO_SERVER = (
    "The document names no server of its own: set base_url. The operations are reported as if "
    "it were set."
)


@dataclass(frozen=True, slots=True)
class Examined:
    """One operation: as read, its object in the form of OpenAPI 3, and where it is written.

    `parameters` are those of its path too, with references followed. `shared` tells that its
    object is that of another operation as well, so that what is written there is said of both.
    """

    operation: Operation
    listed: Listed
    node: JsonObject
    place: Place
    parameters: tuple[JsonObject, ...]
    shared: bool = False

    @property
    def name(self) -> str:
        """Its name within the API."""
        return self.operation.name

    @property
    def can_be_mended(self) -> bool:
        """Whether an overlay of the document reaches its object, and it alone."""
        return not self.shared and self.place[0] != HOLDER


@dataclass(frozen=True)
class Subject:
    """A document with all that rules ask of it; what is dear is made at its first use.

    `before` is the same document before it was mended, `stale` the names of the operations whose
    request is described otherwise since.
    """

    source: Source
    document: Document
    description: Description
    operations: tuple[Examined, ...]
    listing: Listing = field(repr=False)
    before: Subject | None = field(default=None, repr=False)
    stale: frozenset[str] = field(default=frozenset(), repr=False)

    @cached_property
    def survey(self) -> Survey:
        """What stands where, as it is written."""
        return survey(self.source.written)

    @cached_property
    def tools(self) -> Mapping[str, Tool]:
        """The tool of each operation that can be called, by the operation's name."""
        kept = self.before.tools if self.before else {}
        operations = self.description.operations
        table = make_tools(
            one for name, one in operations.items() if self.before is None or name in self.stale
        )
        made = {tool.operation.partition(".")[2]: tool for tool in table.tools}
        found = {name: made.get(name) or kept.get(name) for name in operations}
        return {name: tool for name, tool in found.items() if tool is not None}

    @cached_property
    def sizes(self) -> Mapping[str, Size]:
        """What each tool costs a model to read; those of `before` are not counted again."""
        known, sizes = (self.before.tools, self.before.sizes) if self.before else ({}, {})
        return {
            name: sizes[name] if known.get(name) is tool else size_of([tool])
            for name, tool in self.tools.items()
        }

    @cached_property
    def size(self) -> Size:
        """What all tools together cost."""
        sizes = self.sizes.values()
        return replace(
            size_of([]),
            bytes=sum(one.bytes for one in sizes),
            tokens=sum(one.tokens for one in sizes),
        )

    def cleaned(self, text: str) -> str:
        """Return a text of the document without what is wrong with it, see `texts`."""
        return clean(text) if self.survey.prose.get(text, ("?",)) else text

    @property
    def is_2_0(self) -> bool:
        """Whether it is written in Swagger 2.0."""
        return "swagger" in self.source.written

    def can_be_mended(self, place: Place) -> bool:
        """Whether an overlay reaches a place: in the document's own file, and not too deep."""
        return (
            place[0] != HOLDER
            and len(place) <= MAX_DEPTH
            and sum(len(str(key)) for key in place) <= MAX_QUERY // 8
        )

    @cached_property
    def all_names(self) -> frozenset[str]:
        """The names of all operations."""
        return frozenset(one.name for one in self.operations)

    @cached_property
    def reached(self) -> Mapping[str, frozenset[Place]]:
        """The parts that the request of an operation is described by, by the operation's name.

        Among them is () where it refers to what is no component.
        """
        return {one.name: self._parts(one.place, one.place[:-1]) for one in self.operations}

    @cached_property
    def requests(self) -> Mapping[Place, frozenset[str]]:
        """The operations whose request is described by a part, by the place of the part."""
        return _turned(self.reached)

    @cached_property
    def users(self) -> Mapping[Place, frozenset[str]]:
        """The operations whose request or answers are described by a part, by its place."""
        answers = {
            one.name: self._parts((*one.place, "responses")) | self.reached[one.name]
            for one in self.operations
        }
        return _turned(answers)

    @cached_property
    def by_place(self) -> Mapping[Place, Examined]:
        """The operations by where they are written."""
        return {one.place: one for one in self.operations}

    def operation_at(self, place: Place) -> Examined | None:
        """Return the operation that a place is part of, None where it is of several or none."""
        return next(
            (one for size in (3, 4) if (one := self.by_place.get(place[:size])) is not None), None
        )

    def _parts(self, *first: Place) -> frozenset[Place]:
        parts, waiting = self.survey.parts, list(first)
        seen: set[Place] = set()
        while waiting:
            place = waiting.pop()
            if place not in seen:
                seen.add(place)
                waiting.extend(parts[place].references if place in parts else ())
        return frozenset(seen)


def _turned(parts: Mapping[str, frozenset[Place]]) -> Mapping[Place, frozenset[str]]:
    found: dict[Place, set[str]] = {}
    for name, places in parts.items():
        for place in places:
            found.setdefault(place, set()).add(name)
    return {place: frozenset(names) for place, names in found.items()}


def subject_of(source: Source, name: str) -> Subject:
    """Return what rules look at of a document, as the API `name`.

    A document that names no server is read as if the owner had set one.
    """
    listing = listing_of(source)
    settings = ApiSettings(openapi=source.location)
    description = described(name, listing, settings)
    if not description.servers:
        placed = described(name, listing, settings.model_copy(update={"base_url": _PLACEHOLDER}))
        description = replace(placed, servers=(), findings=(NO_SERVER, *placed.findings))
    operations = _examined(source, listing, description)
    return Subject(source, listing.document, description, operations, listing)


def mended(subject: Subject, changes: Mapping[Place, str]) -> Subject:
    """Return a document with these texts in it; what stays is shared with the other."""
    found = subject_of(_with_texts(subject.source, changes), subject.description.api)
    touched = {place[:size] for place in changes for size in range(1, 5)} | {()}
    stale = frozenset(
        name for name, parts in subject.reached.items() if not parts.isdisjoint(touched)
    )
    return replace(found, before=subject, stale=stale)


def _with_texts(source: Source, changes: Mapping[Place, str]) -> Source:
    tree: _Tree = {}
    for place, text in changes.items():
        branch = tree
        for key in place[:-1]:
            branch = cast("_Tree", branch.setdefault(key, {}))
        branch[place[-1]] = text
    written = cast("JsonObject", _replaced(source.written, tree))
    document = upgraded(written)[0] if "swagger" in written else written
    return replace(source, document=document, written=written)


def _replaced(value: JsonValue, tree: _Tree) -> JsonValue:
    """Return a value with the texts of a tree in it; the way to each of them is there."""
    made: Any = dict(value) if isinstance(value, dict) else list(cast("list[JsonValue]", value))
    for key, below in tree.items():
        made[key] = below if isinstance(below, str) else _replaced(made[key], cast("_Tree", below))
    return cast("JsonValue", made)


def _examined(source: Source, listing: Listing, description: Description) -> tuple[Examined, ...]:
    written = Document(source.written, is_3_0=True, location=source.location)
    found: list[tuple[Listed, JsonObject, Place, tuple[JsonObject, ...]]] = []
    items: dict[str, Place] = {}
    seen: Counter[Place] = Counter()
    for listed in listing.operations:
        try:
            place = place_of(listing.document, listed)
        except DescriptionError:
            continue
        if listed.path not in items:
            items[listed.path] = _item_place(written, listed.path)
        own: Place = (listed.member,)
        if listed.member not in place.item:
            own = ("additionalOperations", listed.member)
        at = (*items[listed.path], *own)
        seen[at] += 1
        parameters = _parameters(listing.document, place.item, place.node)
        found.append((listed, place.node, at, parameters))
    return tuple(
        Examined(
            description.operations[listed.name], listed, node, at, parameters, shared=seen[at] > 1
        )
        for listed, node, at, parameters in found
    )


def _item_place(written: Document, path: str) -> Place:
    """Return where the object of a path is written: that of the last reference, if it has any."""
    place: Place = ("paths", path)
    node = written.root
    try:
        current: JsonValue = cast("JsonObject", node["paths"])[path]
        for _ in range(_MAX_CHAIN):
            reference = current.get("$ref") if isinstance(current, dict) else None
            if not isinstance(reference, str):
                break
            current = written.at(reference)
            place = pointer_of(reference[1:])
    except (DescriptionError, KeyError, TypeError):
        return ("paths", path)
    return place


def _parameters(document: Document, *owners: JsonObject) -> tuple[JsonObject, ...]:
    found: list[JsonObject] = []
    for owner in owners:
        for declared in list_of(owner, "parameters"):
            try:
                found.append(document.resolve(declared))
            except DescriptionError:
                continue  # the operation is unsupported, and its reason says so
    return tuple(found)
