"""Search over operations by SQLite's FTS5: ranking is bm25(), not ours."""

from __future__ import annotations

import sqlite3
import threading
import weakref
from collections.abc import Container
from dataclasses import dataclass

from dragoman.catalog.index import SCHEMA, Index, fill, words_of
from dragoman.operation import Operation

__all__ = ["Hit", "Search"]

_MAX_QUERY = 2_000
_MAX_WORDS = 64


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
        query = _query(text)
        hits: list[Hit] = []
        if not query or limit <= 0:
            return hits
        index = self._open()
        with index.lock:
            for row, rank in index.ranked(query):
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


def _query(text: str) -> str:
    """Return every word as a quoted string (FTS5 3.2), joined by OR."""
    words = dict.fromkeys(word.lower() for word in words_of(text[:_MAX_QUERY]))
    return " OR ".join(f'"{word}"' for word in list(words)[:_MAX_WORDS])
