"""Names of operations: the document's own where they are unique and safe, else method and path."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

__all__ = ["names_of"]

_MAX_LENGTH = 200
_UNSAFE = re.compile(r"[^\w./-]+")
_WORD = re.compile(r"[^\W_]+")


def names_of(operations: Sequence[tuple[str, str, str]]) -> list[str]:
    """Return one name for each `(operationId, method, path)`, all of them different.

    A name depends on its own operation, unless another one has the same: then neither keeps it
    (an operation that joins the document never takes over the name of one that was there).
    """
    names = [_safe(operation_id) for operation_id, _, _ in operations]
    taken = Counter(names)
    kept = {name for name in names if name and taken[name] == 1}
    worded = [
        name if name in kept else _worded(method, path)
        for name, (_, method, path) in zip(names, operations, strict=True)
    ]
    taken = Counter(worded)
    return list(
        _apart(
            (name, name in kept and own == name, f"{method} {path}")
            if taken[name] > 1
            else (name, True, "")
            for name, own, (_, method, path) in zip(worded, names, operations, strict=True)
        )
    )


def _apart(named: Iterable[tuple[str, bool, str]]) -> Iterable[str]:
    """Add a hash of method and path to what would be named as another is."""
    for name, stays, route in named:
        if stays:
            yield name
        else:
            digest = hashlib.sha256(route.encode("utf-8", "surrogatepass")).hexdigest()[:8]
            yield f"{name}_{digest}"


def _safe(operation_id: str) -> str:
    """Return a name without what has a meaning in ids, globs and scopes, or is not seen."""
    name = _UNSAFE.sub("_", operation_id).strip("_./-" if operation_id[:1] in "/." else "")
    return name[:_MAX_LENGTH] if _WORD.search(name) else ""


def _worded(method: str, path: str) -> str:
    """Return `get_api_contents_path` for GET /api/contents/{path}."""
    words = [method.lower(), *_WORD.findall(path)]
    return "_".join(words)[:_MAX_LENGTH]
