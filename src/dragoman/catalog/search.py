"""Search over operations by SQLite's FTS5: words are ranked by bm25(), not by us."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Container, Iterable
from dataclasses import dataclass

from dragoman.catalog.index import SCHEMA, Index, fill, words_of
from dragoman.operation import Operation

__all__ = ["Hit", "Search"]

_MAX_QUERY = 2_000
_MAX_WORDS = 64

_SAID = 3
"""Letters from which on a word is looked for in prose: `tv` in a name is one, `of` in a sentence
is none."""

_PREFIX = 5
"""Letters from which on a word also finds longer ones: `invite` finds `invitation`."""


@dataclass(frozen=True, slots=True)
class Hit:
    """An operation that fits; the higher the score, the better, within one search only."""

    operation: Operation
    score: float


class Search:
    """An index of operations, built when it is first asked if none is given. Any thread may ask.

    The rows of a given index are these operations in this order.
    """

    def __init__(self, operations: tuple[Operation, ...], index: Index | None = None) -> None:
        self._operations = operations
        self._building = threading.Lock()
        self._index = index

    def search(self, text: str, limit: int = 5, among: Container[str] | None = None) -> list[Hit]:
        """Return up to `limit` operations that share a word with the text, best first.

        `among` narrows to the ids that the asker may use. Any text will do: nothing in it is
        read as syntax. A text without a word finds nothing.
        """
        words = _words(text)
        hits: list[Hit] = []
        if not words or limit <= 0:
            return hits
        index = self._open()
        long = [word for word in words if len(word) >= _SAID]
        # All words as one phrase: whose summary says just that is meant before others.
        named = _query(dict.fromkeys([*words, " ".join(words)]))
        with index.lock:
            for row, rank in index.ranked(named, _query(long or words)):
                operation = self._operations[row]
                if among is None or operation.id in among:
                    hits.append(Hit(operation, -rank))
                if len(hits) == limit:
                    break
        return hits

    def _open(self) -> Index:
        with self._building:
            if self._index is None:
                # The lock keeps threads apart, so that SQLite need not check which one asks.
                connection = sqlite3.connect(":memory:", check_same_thread=False)
                connection.executescript(SCHEMA)
                fill(connection, self._operations)
                connection.commit()
                weakref.finalize(self, connection.close)
                self._index = Index(connection, threading.Lock())
            return self._index


def _words(text: str) -> list[str]:
    words = dict.fromkeys(word.lower() for word in words_of(text[:_MAX_QUERY]))
    return list(words)[:_MAX_WORDS]


def _query(words: Iterable[str]) -> str:
    """Return words as quoted strings or prefixes (FTS5 3.2 and 3.3), joined by OR."""
    return " OR ".join(f'"{word}"{"*" if len(word) >= _PREFIX else ""}' for word in words)
