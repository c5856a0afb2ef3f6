"""The search index: one FTS5 table, what goes into it, and how its columns weigh.

A compiled catalog holds the same table as one that is made in memory.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from threading import Lock

from dragoman.operation import Operation

__all__ = ["FIELDS", "SCHEMA", "Field", "Index", "fill", "words_of"]

_MAX_TEXT = 2_000
"""Characters of one column that are indexed: beyond them a text says nothing new."""

_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its weight in the ranking, and the text of an operation that it holds."""

    name: str
    weight: float
    text: Callable[[Operation], str]


def words_of(text: str) -> list[str]:
    """Split text and names into words: `getOrderByID` and `get_order_by_id` alike into four."""
    return [word for word in _BORDER.split(text) if word]


def _words(text: str) -> str:
    return " ".join(words_of(text[:_MAX_TEXT]))


FIELDS = (
    Field("name", 3.0, lambda operation: _words(operation.name)),
    Field("path", 2.0, lambda operation: _words(operation.route)),
    Field("summary", 3.0, lambda operation: operation.summary[:_MAX_TEXT]),
    Field("tags", 1.0, lambda operation: _words(" ".join(operation.tags))),
    Field("description", 0.3, lambda operation: operation.description[:_MAX_TEXT]),
    Field("api", 1.0, lambda operation: _words(operation.api)),
)
"""All fields and their weights. Parameter names stand in the path as far as they are in it;
those of queries and bodies would mean reading every contract."""

_COLUMNS = ", ".join(field.name for field in FIELDS)
_WEIGHTS = ", ".join(str(field.weight) for field in FIELDS)

SCHEMA = (
    # Of a row found only its number is asked, so the texts themselves are not kept (4.4.3).
    f"CREATE VIRTUAL TABLE operation USING fts5({_COLUMNS}, content = '',"  # noqa: S608 - our own names
    " tokenize = 'porter unicode61 remove_diacritics 2');"
    # bm25() as the table's own rank lets SQLite sort while it searches (fts5.html, 4.3).
    f"INSERT INTO operation(operation, rank) VALUES ('rank', 'bm25({_WEIGHTS})');"
)

_SELECT = "SELECT rowid, rank FROM operation WHERE operation MATCH ? ORDER BY rank, rowid"
"""Rows by fit, best first; `rank` is bm25, the lower the better."""

_INSERT = f"INSERT INTO operation(rowid, {_COLUMNS}) VALUES (?{', ?' * len(FIELDS)})"  # noqa: S608 - our own names


@dataclass(frozen=True, slots=True)
class Index:
    """A filled index; the lock keeps threads apart that use the connection."""

    connection: sqlite3.Connection
    lock: Lock

    def ranked(self, query: str) -> sqlite3.Cursor:
        """Return the rows that fit with their ranks, to be read while the lock is held."""
        return self.connection.execute(_SELECT, (query,))


def fill(connection: sqlite3.Connection, operations: Iterable[Operation]) -> None:
    """Write the operations into an empty index; the row id is the place in the order given."""
    connection.executemany(
        _INSERT,
        (
            (row, *(field.text(operation) for field in FIELDS))
            for row, operation in enumerate(operations)
        ),
    )
