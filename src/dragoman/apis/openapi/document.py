"""An OpenAPI document, and following its references (RFC 6901; OpenAPI 3.1.1, section 4.8.23)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import unquote

from dragoman.apis.openapi.pieces import Pieces, Pointer, pointer_of, size_of, whole
from dragoman.apis.openapi.references import HOLDER, UNREAD, why_not_followed
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Document", "list_of", "object_of", "text_of"]

_MAX_CHAIN = 32
_SHOWN = 120
_WHOLE = "#"
_INDEX = re.compile(r"0|[1-9][0-9]{0,5}")


@dataclass(frozen=True, slots=True)
class Document:
    """A document with its version; nothing of it is trusted to have the type it should have.

    Where there are `pieces`, the root is without them, and each is read at its first use. A
    document of Swagger 2.0 has its definitions as `components.schemas`, and by their own name.
    """

    root: JsonObject = field(repr=False)
    is_3_0: bool
    location: str
    is_2_0: bool = False
    pieces: Pieces | None = field(default=None, repr=False, compare=False)
    _found: dict[str, JsonValue] = field(default_factory=dict, repr=False, compare=False)

    def resolve(self, node: JsonValue) -> JsonObject:
        """Return the object at the end of a chain of references.

        Raises `DescriptionError` for one that leads nowhere, in a circle, or out of the document.
        """
        pointer = ""
        for _ in range(_MAX_CHAIN):
            if not isinstance(node, dict):
                where = f" at {pointer[:_SHOWN]}" if pointer else ""
                raise DescriptionError(f"an object is expected{where}")
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node
            pointer = reference
            node = self.at(reference)
        raise DescriptionError(f"the reference {pointer[:_SHOWN]} goes in a circle")

    def follow(self, reference: str) -> JsonValue:
        """Return what a reference names in the end, through references alone.

        Raises `DescriptionError` for one that leads nowhere, in a circle, or out of the document.
        """
        node = self.at(reference)
        for _ in range(_MAX_CHAIN):
            onward = node.get("$ref") if isinstance(node, dict) and len(node) == 1 else None
            if not isinstance(onward, str):
                return node
            node = self.at(onward)
        raise DescriptionError(f"the reference {reference[:_SHOWN]} goes in a circle")

    def at(self, reference: str) -> JsonValue:
        """Return what a reference names; raises `DescriptionError` where that is nothing."""
        if reference not in self._found:
            self._found[reference] = self._look_up(reference)
        return self._found[reference]

    def _look_up(self, reference: str) -> JsonValue:
        if not reference.startswith("#"):
            raise DescriptionError(why_not_followed(reference))
        pointer = unquote(reference[1:])
        if pointer and not pointer.startswith("/"):
            raise DescriptionError(f"the reference {reference[:_SHOWN]} is no JSON pointer")
        keys = pointer_of(pointer)
        try:
            return self._walk(keys)
        except LookupError:
            unread = object_of(self.root, UNREAD) if keys[:1] == (HOLDER,) else {}
            why = text_of(unread, "".join(keys[1:2])).rstrip(".")
            raise DescriptionError(
                why or f"the reference {reference[:_SHOWN]} leads nowhere"
            ) from None

    def path_item(self, path: str) -> JsonObject:
        """Return the object of a path, wherever it refers to."""
        try:
            return self.item(self._walk(("paths", path)))
        except LookupError:
            raise DescriptionError(f"there is no path {path[:_SHOWN]}") from None

    def item(self, declared: JsonValue, depth: int = 0) -> JsonObject:
        """Return a Path Item; what stands beside its reference counts (OpenAPI 3.1.1, 4.8.9)."""
        reference = declared.get("$ref") if isinstance(declared, dict) else None
        if not isinstance(declared, dict) or not isinstance(reference, str) or depth > _MAX_CHAIN:
            return self.resolve(declared)
        found = self.item(self.at(reference), depth + 1)
        made = {**found, **{key: one for key, one in declared.items() if key != "$ref"}}
        if parameters := [*list_of(found, "parameters"), *list_of(declared, "parameters")]:
            made["parameters"] = parameters
        return made

    def _walk(self, keys: Pointer) -> JsonValue:
        """Return what lies at the end of these keys; raises `LookupError` where nothing does."""
        node, keys = self._start(keys)
        for key in keys:
            if isinstance(node, dict) and key in node:
                node = node[key]
            elif isinstance(node, list) and _INDEX.fullmatch(key) and int(key) < len(node):
                node = node[int(key)]
            else:
                raise LookupError(key)
        return node

    def _start(self, keys: Pointer) -> tuple[JsonValue, Pointer]:
        """Return the root, or the piece that the keys lead into, and the keys that remain."""
        if self.pieces is None:
            return self.root, keys
        if self.is_2_0 and keys[:1] == ("definitions",):
            keys = ("components", "schemas", *keys[1:])
        size = size_of(keys)
        if len(keys) < size:
            # Many spellings may name it, and it is large.
            if _WHOLE not in self._found:
                self._found[_WHOLE] = whole(self.root, self.pieces, is_2_0=self.is_2_0)
            return self._found[_WHOLE], keys
        try:
            return self.pieces.piece(keys[:size]), keys[size:]
        except LookupError:
            return self.root, keys

    def component(self, kind: str) -> JsonObject:
        """Return the components of one kind, or an empty mapping."""
        return object_of(object_of(self.root, "components"), kind)


def text_of(node: JsonObject, key: str) -> str:
    """Return a member that should be text, or nothing where it is none."""
    value = node.get(key)
    return value if isinstance(value, str) else ""


def object_of(node: JsonObject, key: str) -> JsonObject:
    """Return a member that should be an object, or an empty one."""
    value = node.get(key)
    return value if isinstance(value, dict) else {}


def list_of(node: JsonObject, key: str) -> list[JsonValue]:
    """Return a member that should be a list, or an empty one."""
    value = node.get(key)
    return value if isinstance(value, list) else []
