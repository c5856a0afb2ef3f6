"""Where the value of an argument came from, found by comparing values, never told by the model."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

from dragoman.models.provider import ToolResult
from dragoman.operation import JsonObject, JsonValue

__all__ = ["QUESTION", "origins"]

QUESTION = "you"
"""The value stands in the words of the person who asks."""

_MODEL = "the model"
_MAX_VALUES = 20_000


def origins(
    arguments: JsonObject, question: str, results: Sequence[tuple[str, ToolResult]]
) -> dict[str, str]:
    """Return for each argument: `you`, the operation and field it was read from, or the model.

    `results` are earlier results with the id of their operation. A value that stands inside of a
    longer text of a result came from that text. An object or list counts as someone's where all
    of its values are.
    """
    said = question.casefold()
    known = [
        (f"{operation} {place}".strip(), text)
        for operation, result in reversed(results)
        for place, text in _scalars(result.data, "")
    ]
    return {name: _origin(value, said, known) for name, value in arguments.items()}


def _origin(value: JsonValue, said: str, known: Sequence[tuple[str, str]]) -> str:
    found = {_origin_of_one(text, said, known) for _, text in _scalars(value, "")}
    return " and ".join(sorted(found)) or _MODEL


def _origin_of_one(text: str, said: str, known: Sequence[tuple[str, str]]) -> str:
    if _stands_in(text, said):
        return QUESTION
    for place, one in known:
        if one == text:
            return place
    for place, one in known:
        if len(one) > len(text) and _stands_in(text, one.casefold()):
            return f"text in {place}"
    return _MODEL


def _stands_in(text: str, words: str) -> bool:
    """Whether the text stands in (casefolded) words and is not a part of a longer one."""
    wanted = text.casefold().strip()
    if not wanted:
        return False
    for match in re.finditer(re.escape(wanted), words):
        before = words[match.start() - 1 : match.start()]
        after = words[match.end() : match.end() + 1]
        if not before.isalnum() and not after.isalnum():
            return True
    return False


def _scalars(value: JsonValue, place: str) -> Iterator[tuple[str, str]]:
    """Yield every scalar as text with the path of member names to it, breadth bounded."""
    waiting: list[tuple[str, JsonValue]] = [(place, value)]
    for _ in range(_MAX_VALUES):
        if not waiting:
            return
        at, current = waiting.pop()
        if isinstance(current, Mapping):
            members = reversed(list(current.items()))
            waiting.extend((f"{at}.{name}" if at else name, one) for name, one in members)
        elif isinstance(current, Sequence) and not isinstance(current, str):
            waiting.extend((at, item) for item in reversed(current))
        elif current is not None:
            yield at, _text(current)


def _text(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
