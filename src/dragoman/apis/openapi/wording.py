"""What an operation takes and gives, in the words of its document: for search.

Names of parameters and members, with a little of what is said of them. To read each contract for
that would take as long as all else together; here nothing is translated, checked or complete.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice

from dragoman.apis.openapi.document import Document, list_of, object_of, text_of
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Wording"]

_MAX_MEMBERS = 40
_MAX_VISITED = 100
_MAX_NAME = 60
_MAX_SAID = 80
_MAX_TEXT = 1_000
_COMPOSED = ("allOf", "oneOf", "anyOf")

# Of a body the members that a caller sets; of an answer those of what it lists, too.
_TAKEN = 1
_GIVEN = 2

_Said = Mapping[str, str]
"""Names of members, each with what is said of it."""


@dataclass(frozen=True, slots=True)
class Wording:
    """Reads the words of one document; what many operations refer to is read once."""

    document: Document
    _known: dict[tuple[str, int], _Said] = field(default_factory=dict)

    def takes(self, item: JsonObject, node: JsonObject) -> str:
        """Return the words of an operation's parameters and body; `item` is that of its path."""
        words: list[str] = []
        declared = (*list_of(item, "parameters"), *list_of(node, "parameters"))
        for parameter in declared[:_MAX_MEMBERS]:
            one = self._resolved(parameter)
            words += (text_of(one, "name")[:_MAX_NAME], text_of(one, "description")[:_MAX_SAID])
        members = self._content(self._resolved(node.get("requestBody")), _TAKEN)
        for name, said in members.items():
            words += (name, said)
        return _joined(words)

    def gives(self, node: JsonObject) -> str:
        """Return the names of what an operation answers with where it succeeds."""
        for status, answer in object_of(node, "responses").items():
            if status.startswith("2"):
                return _joined(self._content(self._resolved(answer), _GIVEN))
        return ""

    def _content(self, holder: JsonObject, depth: int) -> _Said:
        for media_type in object_of(holder, "content").values():
            if isinstance(media_type, dict):
                return self._members(media_type.get("schema"), depth)
        return {}

    def _members(self, schema: JsonValue, depth: int) -> _Said:
        inner = schema.get("items", schema) if isinstance(schema, dict) else schema
        reference = inner.get("$ref") if isinstance(inner, dict) else None
        if not isinstance(reference, str):
            return self._read(schema, depth)
        key = reference, depth
        if key not in self._known:
            self._known[key] = self._read(inner, depth)
        return self._known[key]

    def _read(self, schema: JsonValue, depth: int) -> _Said:
        """Return the members of a schema, the outer ones first, and as far as the bounds go."""
        found: dict[str, str] = {}
        seen: set[str] = set()
        waiting = deque([(schema, depth)])
        for _ in range(_MAX_VISITED):
            if not waiting or len(found) >= _MAX_MEMBERS:
                break
            node, levels = waiting.popleft()
            reference = node.get("$ref") if isinstance(node, dict) else None
            if isinstance(reference, str):
                if reference in seen:
                    continue
                seen.add(reference)
            resolved = self._resolved(node)
            for name, one in islice(object_of(resolved, "properties").items(), _MAX_MEMBERS):
                said = text_of(one, "description")[:_MAX_SAID] if isinstance(one, dict) else ""
                found.setdefault(name[:_MAX_NAME], said)
                if levels > 1:
                    waiting.append((one, levels - 1))
            waiting.extend((one, levels) for one in _parts(resolved))
        return found

    def _resolved(self, node: JsonValue) -> JsonObject:
        """Return the object that is meant, empty where it cannot be read: others say so."""
        try:
            return self.document.resolve(node) if node is not None else {}
        except DescriptionError:
            return {}


def _parts(node: JsonObject) -> Iterator[JsonValue]:
    """Yield the schemas whose members are those of this one, or of its items."""
    for key in _COMPOSED:
        yield from islice(list_of(node, key), _MAX_MEMBERS)
    if "items" in node:
        yield node["items"]


def _joined(words: Iterable[str]) -> str:
    return " ".join(dict.fromkeys(word for word in words if word))[:_MAX_TEXT]
