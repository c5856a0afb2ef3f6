"""A document cut into pieces, each of which can be read by itself.

A piece is a path, a component, or a file that was gathered. The rest is small and stays together:
what is read whenever the document is, the security schemes among it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from dragoman.apis.openapi.references import HOLDER
from dragoman.operation import JsonObject, JsonValue

__all__ = ["Pieces", "Pointer", "as_text", "cut", "pointer_of", "size_of", "whole"]

Pointer = tuple[str, ...]
"""The keys that lead from the root of the document to a piece."""

_COMPONENTS = "components"
_KEPT = "securitySchemes"


class Pieces(Protocol):
    """Where the pieces of one document lie."""

    def piece(self, pointer: Pointer) -> JsonValue:
        """Return a piece; raises `LookupError` where there is none of that name."""
        ...

    def all(self) -> Iterable[tuple[Pointer, JsonValue]]:
        """Return all of them, in the order of the document."""
        ...


def as_text(pointer: Pointer) -> str:
    """Return a pointer as text (RFC 6901, section 3)."""
    return "".join(f"/{key.replace('~', '~0').replace('/', '~1')}" for key in pointer)


def pointer_of(text: str) -> Pointer:
    """Return the keys of a pointer that is written as text (RFC 6901, section 4)."""
    return tuple(key.replace("~1", "/").replace("~0", "~") for key in text.split("/")[1:])


def size_of(keys: Pointer) -> int:
    """Return how many keys name a piece; 0 where these lead into the rest.

    Where there are fewer keys, they name what is made of several pieces.
    """
    if not keys:
        return 1
    if keys[0] == _COMPONENTS:
        return 0 if keys[1:2] == (_KEPT,) else 3
    return 2 if keys[0] in ("paths", HOLDER) else 0


def cut(
    root: JsonObject, *, is_2_0: bool
) -> tuple[JsonObject, Iterator[tuple[Pointer, JsonValue]]]:
    """Return what stays together of a document, and its pieces in their order."""
    rest = dict(root)
    if is_2_0:
        del rest["definitions"]
    cuts: list[tuple[Pointer, JsonObject]] = []
    for key in ("paths", HOLDER):
        if isinstance(members := root.get(key), dict):
            cuts.append(((key,), members))
            rest[key] = {}
    if isinstance(components := root.get(_COMPONENTS), dict):
        kinds = {k: one for k, one in components.items() if k != _KEPT and isinstance(one, dict)}
        cuts += [((_COMPONENTS, kind), members) for kind, members in kinds.items()]
        rest[_COMPONENTS] = {**components, **{kind: {} for kind in kinds}}
    return rest, (
        ((*holder, name), value) for holder, members in cuts for name, value in members.items()
    )


def whole(rest: JsonObject, pieces: Pieces, *, is_2_0: bool) -> JsonObject:
    """Return the document as it was before it was cut."""
    made = dict(rest)
    holders: dict[Pointer, dict[str, JsonValue]] = {}
    for pointer, value in pieces.all():
        holders.setdefault(pointer[:-1], {})[pointer[-1]] = value
    for holder, members in holders.items():
        if len(holder) == 1:
            made[holder[0]] = members
    components = made.get(_COMPONENTS)
    if isinstance(components, dict):
        made[_COMPONENTS] = {
            kind: holders.get((_COMPONENTS, kind), one) for kind, one in components.items()
        }
    if is_2_0:
        made["definitions"] = holders[_COMPONENTS, "schemas"]
    return made
