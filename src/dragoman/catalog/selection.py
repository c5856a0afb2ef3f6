"""Patterns that choose operations: `delete*`, `shop.getOrder`, `tag:orders`, `GET /products/**`.

A pattern that begins with `tag:` is compared with the tags, one with a path in it with method and
path, and any other with the name and the id of the operation. Case counts, save in a method.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from fnmatch import translate
from functools import lru_cache

from dragoman.operation import Operation

__all__ = ["matches", "names", "selected", "target_of"]

_TAG = "tag:"
_ROUTE = re.compile(r"(?:(?P<method>[A-Za-z]+|\*)\s+)?(?P<path>/.*)", re.DOTALL)


def selected(operation: Operation, include: Sequence[str], exclude: Sequence[str]) -> bool:
    """Whether the owner serves the operation: included (no pattern includes all), not excluded."""
    if include and not any(matches(operation, pattern) for pattern in include):
        return False
    return not any(matches(operation, pattern) for pattern in exclude)


def matches(operation: Operation, pattern: str) -> bool:
    """Whether one pattern names the operation."""
    return _compiled(pattern)(operation)


def names(glob: str, operation_id: str) -> bool:
    """Whether a glob of a toolset (`shop.*`, `carrier.track`) names the operation of that id."""
    return _glob(glob)(operation_id)


def target_of(pattern: str) -> str:
    """Return what the pattern is compared with: `tag`, `route` or `name`."""
    if pattern.startswith(_TAG):
        return "tag"
    return "route" if _ROUTE.fullmatch(pattern) else "name"


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> Callable[[Operation], bool]:
    """Compile once: a document of a thousand operations is compared with each pattern."""
    target = target_of(pattern)
    if target == "tag":
        fits = _glob(pattern.removeprefix(_TAG).strip())
        return lambda operation: any(fits(tag) for tag in operation.tags)
    if target == "route":
        route = _route(pattern)
        return lambda operation: route.fullmatch(operation.route) is not None
    fits = _glob(pattern)
    return lambda operation: fits(operation.name) or fits(operation.id)


@lru_cache(maxsize=1024)
def _glob(pattern: str) -> Callable[[str], bool]:
    """A name with brackets in it is first of all itself."""
    expression = re.compile(translate(pattern))
    return lambda text: text == pattern or expression.match(text) is not None


def _route(pattern: str) -> re.Pattern[str]:
    """Translate method and path: `*` is within one segment, `**` is any number of segments."""
    match = _ROUTE.fullmatch(pattern)
    assert match is not None  # noqa: S101 - target_of has matched the same expression
    method = match["method"]
    verb = "[A-Z]+" if method in (None, "*") else re.escape(method.upper())
    segments = "".join(_segment(segment) for segment in match["path"][1:].split("/"))
    return re.compile(f"{verb} {segments}")


def _segment(segment: str) -> str:
    if segment == "**":
        return "(?:/[^/]*)*"
    return "/" + "[^/]*".join(re.escape(part) for part in segment.split("*"))
