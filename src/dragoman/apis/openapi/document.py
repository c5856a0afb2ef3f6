"""An OpenAPI document, and following its references (RFC 6901; OpenAPI 3.1.1, section 4.8.23)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Document", "text_of"]

_MAX_CHAIN = 32


@dataclass(frozen=True, slots=True)
class Document:
    """A document with its version; nothing of it is trusted to have the type it should have."""

    root: JsonObject = field(repr=False)
    is_3_0: bool
    location: str

    def resolve(self, node: JsonValue) -> Mapping[str, JsonValue]:
        """Return the object at the end of a chain of references.

        Raises `DescriptionError` for one that leads nowhere, in a circle, or out of the document.
        """
        return self.follow(node)[0]

    def follow(self, node: JsonValue) -> tuple[Mapping[str, JsonValue], str]:
        """Return the object at the end of a chain of references, and the last pointer."""
        pointer = ""
        for _ in range(_MAX_CHAIN):
            if not isinstance(node, Mapping):
                where = f" at {pointer}" if pointer else ""
                raise DescriptionError(f"an object is expected{where}")
            reference = node.get("$ref")
            if not isinstance(reference, str):
                return node, pointer
            pointer = reference
            node = self.at(reference)
        raise DescriptionError(f"the reference {pointer[:120]} goes in a circle")

    def at(self, reference: str) -> JsonValue:
        """Return what a reference names; raises `DescriptionError` where that is nothing."""
        if not reference.startswith("#"):
            raise DescriptionError(
                f"the reference {reference[:120]} leads out of the document, which is not followed"
            )
        node: JsonValue = self.root
        for token in reference[1:].split("/")[1:]:
            key = unquote(token).replace("~1", "/").replace("~0", "~")
            if isinstance(node, Mapping) and key in node:
                node = node[key]
            elif isinstance(node, list) and re.fullmatch(r"[0-9]{1,6}", key) and int(key) < len(node):
                node = node[int(key)]
            else:
                raise DescriptionError(f"the reference {reference[:120]} leads nowhere")
        return node

    def component(self, kind: str) -> Mapping[str, JsonValue]:
        """Return the components of one kind, or an empty mapping."""
        components = self.root.get("components")
        found = components.get(kind) if isinstance(components, Mapping) else None
        return found if isinstance(found, Mapping) else {}


def text_of(node: Mapping[str, JsonValue], key: str) -> str:
    """Return a member that should be text, or nothing where it is none."""
    value = node.get(key)
    return value if isinstance(value, str) else ""
