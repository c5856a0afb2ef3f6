"""Making a value fit a number of bytes and tokens so that it stays valid and says what is missing.

Small members are kept whole; the room that is left is shared among the large ones. Lists lose
items from the end, text is cut, and every cut is told as a place and a count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dragoman.exact_json import encode
from dragoman.operation import JsonValue
from dragoman.tools.size import tokens_in

__all__ = ["LONGEST_PLACE", "Cut", "items_in", "told", "trim", "without_empties"]

_ELLIPSIS = "…"
_MAX_NOTES = 8
_ENCODED = re.compile(r"[A-Za-z0-9+/_-]{2000,}={0,2}")
"""Base64 (RFC 4648) of a file: no model reads it, and the room is for what one reads."""

_SHOWN_OF_A_FILE = 40

LONGEST_PLACE = 200
"""Characters of a place that is told: APIs choose how long the names of members are."""


@dataclass(frozen=True, slots=True)
class Cut:
    """What was left out at a place: `shown` of `total` items, characters, members or bytes."""

    place: str
    shown: int
    total: int
    unit: str

    def __str__(self) -> str:
        """Return it in words: `orders: 40 of 1,214 items are shown`."""
        of = {"items": "the list", "characters": "the text", "members": "the object"}
        place = self.place or of.get(self.unit, "all of it")
        if len(place) > LONGEST_PLACE:
            place = f"{place[:LONGEST_PLACE]}…"
        return f"{place}: {self.shown:,} of {self.total:,} {self.unit} are shown"


def trim(
    value: JsonValue, budget: int, tokens: int | None = None, place: str = "", first: int = 0
) -> tuple[JsonValue, tuple[Cut, ...]]:
    """Return the value, or as much of it as fits `budget` bytes of JSON, and what was left out.

    With `tokens` it fits that many, too. A token is a byte at least, so they are counted only in
    what fits the bytes and is longer than that. `place` is where the value stands in a larger one;
    of a list there, its items begin at `first`.
    """
    fitted, cuts = _within(value, budget, place, first)
    if tokens is None:
        return fitted, cuts
    room = budget
    for _ in range(4):
        data = encode(fitted)
        if len(data) <= tokens or (count := tokens_in(data)) <= tokens:
            return fitted, cuts
        room = min(room, len(data)) * tokens * 9 // (count * 10)
        fitted, cuts = _within(value, max(room, tokens), place, first)
    return _within(value, tokens, place, first)


def told(cuts: Sequence[Cut]) -> str:
    """Return in words what was left out, as far as anybody would read it."""
    lines = [str(cut) for cut in cuts[:_MAX_NOTES]]
    more = len(cuts) - len(lines)
    return "; ".join([*lines, *([f"and {more} more places"] if more else [])])


def without_empties(value: JsonValue) -> JsonValue:
    """Return the value without members that are null, or empty text, list or object.

    Zero and false are values and stay; so do items of lists, whose places mean something.
    """
    if isinstance(value, Mapping):
        kept = {name: without_empties(member) for name, member in value.items()}
        return {name: member for name, member in kept.items() if not _is_empty(member)}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [without_empties(item) for item in value]
    return value


def items_in(value: JsonValue) -> int | None:
    """Return the length of a list, or of the one list that an object holds; None without one."""
    candidates = list(value.values()) if isinstance(value, Mapping) else [value]
    lists = [len(one) for one in candidates if isinstance(one, list | tuple)]
    return lists[0] if len(lists) == 1 else None


def _is_empty(value: JsonValue) -> bool:
    return value is None or (isinstance(value, str | Sequence | Mapping) and len(value) == 0)


def _within(
    value: JsonValue, budget: int, place: str, first: int
) -> tuple[JsonValue, tuple[Cut, ...]]:
    size = len(encode(value))
    if size <= budget:
        return value, ()
    room = budget
    for _ in range(6):
        cuts: list[Cut] = []
        fitted = _fit(value, room, place, cuts, first)
        if len(encode(fitted)) <= budget:
            return fitted, tuple(cuts)
        room = room * 3 // 4
    return None, (Cut(place, 0, size, "bytes"),)


def _fit(value: JsonValue, room: int, place: str, cuts: list[Cut], first: int = 0) -> JsonValue:
    if isinstance(value, str):
        return _fit_text(value, room, place, cuts)
    if isinstance(value, Mapping):
        return _fit_object(value, room, place, cuts)
    if isinstance(value, Sequence):
        return _fit_list(value, room, place, cuts, first)
    return value


def _fit_text(text: str, room: int, place: str, cuts: list[Cut]) -> str:
    if len(encode(text)) <= room:
        return text
    if len(text) > _SHOWN_OF_A_FILE and _ENCODED.fullmatch(text):
        room = min(room, _SHOWN_OF_A_FILE + 5)
    # Three bytes for the quotes' and the mark's share; a character may take up to six in JSON.
    kept = text[: max(0, room - 5)]
    while kept and len(encode(kept)) > room - 3:
        kept = kept[: len(kept) * 3 // 4]
    cuts.append(Cut(place, len(kept), len(text), "characters"))
    return kept + _ELLIPSIS


def _fit_list(
    items: Sequence[JsonValue], room: int, place: str, cuts: list[Cut], first: int
) -> JsonValue:
    kept: list[JsonValue] = []
    left = room - 2
    for item in items:
        size = len(encode(item)) + 1
        if size > left:
            break
        kept.append(item)
        left -= size
    if not kept and items and room > 40:
        kept.append(_fit(items[0], room - 4, f"{place}[{first}]", cuts))
    if len(kept) < len(items):
        cuts.append(Cut(place, len(kept), len(items), "items"))
    return kept


def _fit_object(
    members: Mapping[str, JsonValue], room: int, place: str, cuts: list[Cut]
) -> JsonValue:
    sizes = {name: len(encode(member)) for name, member in members.items()}
    left = room - 2 - sum(len(encode(name)) + 2 for name in members)
    if left < 4 * len(members):
        return _fit_members(members, room, place, cuts)
    fitted: dict[str, JsonValue] = {}
    for waiting, name in zip(
        range(len(sizes), 0, -1), sorted(sizes, key=sizes.__getitem__), strict=True
    ):
        share = left // waiting
        inside = f"{place}.{name}" if place else name
        member = members[name]
        fitted[name] = member if sizes[name] <= share else _fit(member, share, inside, cuts)
        left -= min(sizes[name], len(encode(fitted[name])))
    return {name: fitted[name] for name in members}


def _fit_members(
    members: Mapping[str, JsonValue], room: int, place: str, cuts: list[Cut]
) -> JsonValue:
    """Keep the first members of an object whose names alone are too many for the room."""
    kept: dict[str, JsonValue] = {}
    left = room - 2
    for name, member in members.items():
        left -= len(encode(name)) + 2 + len(encode(member))
        if left < 0:
            break
        kept[name] = member
    cuts.append(Cut(place, len(kept), len(members), "members"))
    return kept
