"""Making a value fit a number of bytes so that it stays valid and says what is missing.

Small members are kept whole; the room that is left is shared among the large ones. Lists lose
items from the end, text is cut, and every cut is told as a place and a count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dragoman.exact_json import encode
from dragoman.operation import JsonValue

__all__ = ["items_in", "trim", "without_empties"]

_ELLIPSIS = "…"
_MAX_NOTES = 8


def trim(value: JsonValue, budget: int) -> tuple[JsonValue, tuple[str, ...]]:
    """Return the value, or as much of it as fits `budget` bytes of JSON, and what was left out."""
    size = len(encode(value))
    if size <= budget:
        return value, ()
    room = budget
    for _ in range(6):
        cuts: list[str] = []
        fitted = _fit(value, room, "", cuts)
        if len(encode(fitted)) <= budget:
            return fitted, _told(cuts)
        room = room * 3 // 4
    return None, (f"all of it: {size:,} bytes, and {budget:,} are allowed",)


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


def _told(cuts: list[str]) -> tuple[str, ...]:
    if len(cuts) <= _MAX_NOTES:
        return tuple(cuts)
    return (*cuts[:_MAX_NOTES], f"and {len(cuts) - _MAX_NOTES} more places")


def _fit(value: JsonValue, room: int, place: str, cuts: list[str]) -> JsonValue:
    if isinstance(value, str):
        return _fit_text(value, room, place, cuts)
    if isinstance(value, Mapping):
        return _fit_object(value, room, place, cuts)
    if isinstance(value, Sequence):
        return _fit_list(value, room, place, cuts)
    return value


def _fit_text(text: str, room: int, place: str, cuts: list[str]) -> str:
    if len(encode(text)) <= room:
        return text
    # Three bytes for the quotes' and the mark's share; a character may take up to six in JSON.
    kept = text[: max(0, room - 5)]
    while kept and len(encode(kept)) > room - 3:
        kept = kept[: len(kept) * 3 // 4]
    cuts.append(f"{place or 'the text'}: {len(kept):,} of {len(text):,} characters are shown")
    return kept + _ELLIPSIS


def _fit_list(items: Sequence[JsonValue], room: int, place: str, cuts: list[str]) -> JsonValue:
    kept: list[JsonValue] = []
    left = room - 2
    for item in items:
        size = len(encode(item)) + 1
        if size > left:
            break
        kept.append(item)
        left -= size
    if not kept and items and room > 40:
        kept.append(_fit(items[0], room - 4, f"{place}[0]", cuts))
    if len(kept) < len(items):
        cuts.append(f"{place or 'the list'}: {len(kept)} of {len(items)} items are shown")
    return kept


def _fit_object(
    members: Mapping[str, JsonValue], room: int, place: str, cuts: list[str]
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
    members: Mapping[str, JsonValue], room: int, place: str, cuts: list[str]
) -> JsonValue:
    """Keep the first members of an object whose names alone are too many for the room."""
    kept: dict[str, JsonValue] = {}
    left = room - 2
    for name, member in members.items():
        left -= len(encode(name)) + 2 + len(encode(member))
        if left < 0:
            break
        kept[name] = member
    cuts.append(f"{place or 'the object'}: {len(kept)} of {len(members)} members are shown")
    return kept
