"""Names of tools: what OpenAI accepts, made of the id of an operation alone.

A name is a pure function of the id, so it stays the same whatever else is in the catalog or in
the toolset, and no two ids have one name: `shop.getOrder` is `shop__getOrder`, and
`github.repos/list` is `github__repos--list`. A name that would not read back as its id, or that is
too long, ends in a hash of the id.
"""

from __future__ import annotations

import hashlib
import re

__all__ = ["MAX_LENGTH", "tool_name"]

MAX_LENGTH = 64
"""Of a function's name at OpenAI, with `[a-zA-Z0-9_-]` as its alphabet."""

_ESCAPES = (("/", "--"), (".", "-_"))
_FOREIGN = re.compile(r"[^a-zA-Z0-9_-]+")
_HASHED = re.compile(r"_[0-9a-f]{8}\Z")


def tool_name(operation_id: str) -> str:
    """Return the name under which a model calls the operation."""
    api, _, operation = operation_id.partition(".")
    name = f"{api}__{_escaped(operation)}"
    if len(name) <= MAX_LENGTH and _id_of(name) == operation_id and not _HASHED.search(name):
        return name
    digest = hashlib.sha256(operation_id.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{_FOREIGN.sub('_', name)[: MAX_LENGTH - 9]}_{digest}"


def _escaped(operation: str) -> str:
    for character, escape in _ESCAPES:
        operation = operation.replace(character, escape)
    return operation


def _id_of(name: str) -> str:
    """Read a name back; what has lost something on the way does not give its id again."""
    if _FOREIGN.search(name):
        return ""
    api, _, operation = name.partition("__")
    for character, escape in reversed(_ESCAPES):
        operation = operation.replace(escape, character)
    return f"{api}.{operation}"
