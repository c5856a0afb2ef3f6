"""Reading JSON that somebody else's server wrote: a member of another type is as if absent.

Servers that call themselves compatible leave members out or write null in their place, and no
such slip may end a conversation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dragoman.operation import JsonObject

__all__ = ["member", "number", "objects", "text"]


def text(parent: JsonObject, name: str) -> str:
    """Return a text, empty where there is none."""
    value = parent.get(name)
    return value if isinstance(value, str) else ""


def number(parent: JsonObject, name: str) -> int:
    """Return a count, zero where there is none."""
    value = parent.get(name)
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def member(parent: JsonObject, name: str) -> JsonObject:
    """Return an object, an empty one where there is none."""
    value = parent.get(name)
    return value if isinstance(value, Mapping) else {}


def objects(parent: JsonObject, name: str) -> list[JsonObject]:
    """Return the objects of a list, in order."""
    value = parent.get(name)
    if not isinstance(value, Sequence) or isinstance(value, str):
        return []
    return [item for item in value if isinstance(item, Mapping)]
