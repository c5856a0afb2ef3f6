"""Taking out fields that no model ever sees: `**.card_number`, `customer.*.phone`.

A pattern is the path of a member. `*` is any one member, `**` any number of them, also none; lists
are passed through, so that `orders.total` is the total of every order. Names are compared without
regard to case: an API that writes `CardNumber` today and `cardnumber` tomorrow hides both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from functools import lru_cache

from dragoman.operation import JsonValue

__all__ = ["hide"]

_ANY_DEPTH = "**"
Segments = tuple[str, ...]


def hide(value: JsonValue, patterns: Sequence[str]) -> JsonValue:
    """Return a value without the members that a pattern names; the same object without patterns."""
    if not patterns:
        return value
    return _without(
        value, frozenset(_reached(tuple(text.lower().split(".")), 0) for text in patterns)
    )


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
            after = [_step(state, name.lower()) for state in states]
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
