"""What a question states: its values, and the words around them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from dragoman.assistant.offline.rank import Index, words_of

__all__ = ["Said", "Value", "read"]

_CAPITAL = r"[A-ZÀ-ÖØ-ÞΑ-ΩА-Я]\w+"
_TOKEN = re.compile(
    rf"""
    ["“„«`](?P<quoted>[^"“”„«»`\n]+)["”»`] | (?<!\w)'(?P<single>[^'\n]+)'(?!\w)
    | (?P<email>[\w.+-]+@[\w-]+(?:\.[\w-]+)+)
    | (?P<date>\d{{4}}-\d\d-\d\d(?:T[\d:.]+(?:Z|[+-]\d\d:\d\d)?)?(?!\w))
    | (?:\A\W*|[.?!]\s+)(?P<opening>[^\W\d]+)(?!\S*[\d@])   # its capital says nothing
    | (?P<name>(?:\d+\ )?{_CAPITAL}(?:(?::?\ |(?:\ \w{{1,3}}){{1,2}}\ ){_CAPITAL})*)(?!\S*[\d@])
    | (?P<number>(?<![\w.-])-?\d+(?:\.\d+)?(?![\w-]|\.\d))
    | (?P<code>(?=[\w./:-]*\d)\w[\w./:-]*\w)
    | (?P<word>\w+)
    """,
    re.VERBOSE,
)
_MAX_QUESTION = 2_000
_SHORT = 3
"""Letters up to which a word at either end of unknown words is not part of a text to look for."""


@dataclass(frozen=True, slots=True)
class Value:
    """A value that a question states, and its place among the words.

    Its kind is quoted, email, date, number or code; or `name`, a run of capitalised words; or
    `rest`, the last words of the question where no tool knows them.
    """

    kind: str
    text: str
    place: int


@dataclass(frozen=True, slots=True)
class Said:
    """A question in words: all, those that rank tools, the stems at each place (none at a value).

    And the values that it states.
    """

    text: str
    words: tuple[str, ...]
    stems: tuple[frozenset[str], ...]
    values: tuple[Value, ...]


def read(question: str, index: Index) -> Said:
    """Read a question; by the index, names of people and things differ from words of the tools."""
    places: list[list[str]] = []
    values: list[Value] = []
    ranking: list[str] = []
    for token in _TOKEN.finditer(question[:_MAX_QUESTION]):
        kind = str(token.lastgroup)
        text, words = token[kind], words_of(token[kind])
        if kind in ("word", "opening") or (kind == "name" and all(map(index.is_known, words))):
            places.extend([word] for word in words)
            ranking.extend(words)
            continue
        ranking.extend(words if kind == "code" else ())
        values.append(Value("quoted" if kind == "single" else kind, text, len(places)))
        places.append([])
    return Said(
        text=" ".join(words_of(question)),
        words=tuple(dict.fromkeys(ranking)),
        stems=tuple(map(index.stems, places)),
        values=(*values, *_rest(places, index)),
    )


def _rest(places: Sequence[list[str]], index: Index) -> list[Value]:
    """Return the words at the end that no tool knows, where some before them are known."""
    first = len(places)
    while first and places[first - 1] and not index.is_known(places[first - 1][0]):
        first -= 1
    while first < len(places) and len(places[first][0]) <= _SHORT:
        first += 1
    text = " ".join(word for words in places[first:] for word in words)
    return [Value("rest", text, first)] if first and text else []
