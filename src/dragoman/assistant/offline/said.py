"""What a question states: its values, and the words around them."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dragoman.assistant.offline.rank import Index, words_of

__all__ = ["Said", "Value", "read"]

_CAPITAL = r"[A-ZÀ-ÖØ-ÞΑ-ΩА-Я]\w+"
_TOKEN = re.compile(
    rf"""
    ["“„«`](?P<quoted>[^"“”„«»`\n]+)["”»`]
    | (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<date>\d{{4}}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?(?!\w))
    | (?:\A\W*|[.?!]\s+)(?P<opening>[^\W\d]+)(?!\S*[\d@])  # its capital says nothing
    | (?P<name>(?:\d+\ )?{_CAPITAL}(?:(?::?\ |(?:\ \w{{1,3}}){{1,2}}\ ){_CAPITAL})*)(?!\S*[\d@])
    | (?P<number>(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-]|\.\d))
    | (?P<code>(?=[\w./:-]*\d)\w[\w./:-]*\w)
    | (?P<word>\w+)
    """,
    re.VERBOSE,
)
_ORDER = re.compile(r"(?:\A|[.!?;:,]\s|\n)\W*(\w+)(?![^.!;:\n]*\?)")
_MAX_QUESTION = 2_000


@dataclass(frozen=True, slots=True)
class Value:
    """A value and its place among the words; capitalised words are a value of the kind `name`."""

    kind: str
    text: str
    place: int


@dataclass(frozen=True, slots=True)
class Said:
    """A question: its words, their stems at each place (none at a value), and its values.

    `orders` are the words that begin a sentence, or a part of one, which asks nothing.
    """

    words: tuple[str, ...]
    stems: tuple[frozenset[str], ...]
    values: tuple[Value, ...]
    orders: tuple[str, ...]

    def near(self, value: Value, before: int, after: int) -> frozenset[str]:
        """Return the stems of so many words around a value."""
        return frozenset().union(
            *self.stems[max(0, value.place - before) : value.place + after + 1]
        )


def read(question: str, index: Index) -> Said:
    """Read a question; capitalised words are a name unless the tools know them all."""
    question = question[:_MAX_QUESTION]
    places: list[list[str]] = []
    values: list[Value] = []
    ranking: list[str] = []
    for token in _TOKEN.finditer(question):
        kind = str(token.lastgroup)
        words = words_of(token[kind])
        if kind in ("word", "opening") or (kind == "name" and index.stems(words) <= index.known):
            places.extend([word] for word in words)
            ranking.extend(words)
            continue
        ranking.extend(words if kind == "code" else ())
        values.append(Value(kind, token[kind], len(places)))
        places.append([])
    orders = tuple(map(str.lower, _ORDER.findall(question)))
    stems = tuple(map(index.stems, places))
    return Said(tuple(dict.fromkeys(ranking)), stems, tuple(values), orders)
