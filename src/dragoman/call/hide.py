"""Taking out fields that no model ever sees: `**.card_number`, `customer.*.phone`.

A pattern is the path of a member. `*` is any one member, `**` any number of them, also none; lists
are passed through, so that `orders.total` is the total of every order. Names are compared without
regard to case: an API that writes `CardNumber` today and `cardnumber` tomorrow hides both.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from functools import lru_cache

from dragoman.exact_json import decode, encode
from dragoman.operation import JsonValue, Received

__all__ = ["hide", "hide_in_error"]

_ANY_DEPTH = "**"
_LONGEST = 200
"""Characters of a name that is remembered; APIs choose how long theirs are."""

_LARGEST_ERROR = 64 * 1024
"""Bytes; of a larger one nothing is told on."""

Segments = tuple[str, ...]


def hide(value: JsonValue, patterns: Sequence[str]) -> JsonValue:
    """Return a value without the members that a pattern names; the same object without patterns.

    Text that is JSON loses them too. Other text has no members that could be taken out, and is
    not shown where the name of one stands in it.
    """
    if not patterns:
        return value
    if isinstance(value, str):
        return _of_text(value, patterns)
    return _without(
        value, frozenset(_reached(tuple(_folded(text).split(".")), 0) for text in patterns)
    )


def hide_in_error(received: Received, patterns: Sequence[str]) -> Received:
    """Return an error of an API without the members; what is no JSON is told to nobody anyway."""
    if not patterns or received.status < 400:
        return received
    if len(received.body) > _LARGEST_ERROR:
        return replace(received, body=b"")
    try:
        body = encode(hide(decode(received.body.removeprefix(b"\xef\xbb\xbf")), patterns))
    except (ValueError, ArithmeticError, RecursionError):
        body = b""
    return replace(received, body=body)


def _of_text(text: str, patterns: Sequence[str]) -> JsonValue:
    try:
        found = decode(text.encode())
    except (ValueError, ArithmeticError, RecursionError):
        found = None
    if isinstance(found, Mapping | list):
        return encode(hide(found, patterns)).decode()
    searched = _folded(text)
    for pattern in patterns:
        name = pattern.rpartition(".")[2]
        if _stands_in(searched, _folded(name)):
            return {"note": f"Not shown: '{name}' stands in it, and text has no fields to hide."}
    return text


def _stands_in(text: str, name: str) -> bool:
    """Whether a name is a word of a text; of a glob, whether its longest part is in it."""
    parts = re.split(r"[*?]+", name)
    if len(parts) > 1:
        return max(parts, key=len) in text
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text) is not None


def _folded(name: str) -> str:
    """Return a name as it is compared: in whatever case and form it was written (Unicode 3.13)."""
    if name.isascii():
        return name.lower()
    return unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())


State = tuple[Segments, frozenset[int]]
"""A pattern, and the segments that the next member may be compared with."""


def _reached(segments: Segments, position: int) -> State:
    """Return the state at a position; `**` may stand for nothing, so what follows counts too."""
    positions = {position}
    while position < len(segments) and segments[position] == _ANY_DEPTH:
        position += 1
        positions.add(position)
    return segments, frozenset(positions)


def _without(value: JsonValue, states: frozenset[State]) -> JsonValue:
    if isinstance(value, Mapping):
        kept: dict[str, JsonValue] = {}
        for name, member in value.items():
            step = _step if len(name) <= _LONGEST else _step.__wrapped__
            after = [step(state, _folded(name)) for state in states]
            if not any(is_hidden for is_hidden, _ in after):
                kept[name] = _without(member, frozenset(state for _, state in after))
        return kept
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_without(item, states) for item in value]
    return value


@lru_cache(maxsize=8192)
def _step(state: State, name: str) -> tuple[bool, State]:
    """Return whether the member of that name is hidden, and the state for what is in it."""
    segments, positions = state
    after: set[int] = set()
    for position in positions:
        if position == len(segments):
            continue
        segment = segments[position]
        if segment == _ANY_DEPTH:
            after |= _reached(segments, position)[1]
        elif fnmatchcase(name, segment):
            after |= _reached(segments, position + 1)[1]
    return len(segments) in after, (segments, frozenset(after))
