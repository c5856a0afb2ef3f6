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

    `results` are earlier results with the id of their operation. An object or list counts as
    someone's where all of its values are.
    """
    words = _Words(question)
    return {name: _origin(value, words, results) for name, value in arguments.items()}


def _origin(value: JsonValue, words: _Words, results: Sequence[tuple[str, ToolResult]]) -> str:
    found = {_origin_of_one(text, words, results) for _, text in _scalars(value, "")}
    if not found:
        return _MODEL
    return found.pop() if len(found) == 1 else " and ".join(sorted(found))


def _origin_of_one(text: str, words: _Words, results: Sequence[tuple[str, ToolResult]]) -> str:
    if words.contain(text):
        return QUESTION
    for operation, result in reversed(results):
        for place, known in _scalars(result.data, ""):
            if known == text:
                return f"{operation} {place}".strip()
    return _MODEL


class _Words:
    """The question, prepared for finding whole values in it."""

    def __init__(self, question: str) -> None:
        self._text = question.casefold()

    def contain(self, text: str) -> bool:
        """Whether the text stands in the question and is not a part of a longer word."""
        wanted = text.casefold().strip()
        if not wanted:
            return False
        for match in re.finditer(re.escape(wanted), self._text):
            before = self._text[match.start() - 1 : match.start()]
            after = self._text[match.end() : match.end() + 1]
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
            waiting.extend((f"{at}.{n}" if at else n, m) for n, m in reversed(current.items()))
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
