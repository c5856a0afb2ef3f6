"""The search index: what goes into it, how its columns weigh, and how a query is ranked.

A compiled catalog holds the same tables as one that is made in memory.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from threading import Lock

from dragoman.operation import Operation

__all__ = ["FIELDS", "LEAD", "SCHEMA", "Field", "Index", "fill", "words_of"]

_MAX_TEXT = 2_000
"""Characters of one column that are indexed: beyond them a text says nothing new."""

_MAX_SAID = 600
"""The same of a description: what follows is about tokens, media types and versions."""

_MAX_WORD = 100

_MAX_LEADING = 8
"""Operations that lead to one collection, at the most, and segments of a path that are read."""

_BORDER = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[\W_]+")
_HOLE = re.compile(r"\{[^{}]*\}")


@dataclass(frozen=True, slots=True)
class Field:
    """One column: its table, its weight in the ranking, and the text of an operation it holds."""

    table: str
    name: str
    weight: float
    text: Callable[[Operation], str]


def words_of(text: str) -> list[str]:
    """Split text and names into words: `getOrderByID` and `get_order_by_id` alike into four."""
    return [word for word in _BORDER.split(text) if word]


def _words(text: str) -> str:
    """Return each word once: a name that repeats one is not about it twice as much."""
    written = text[:_MAX_TEXT].split()
    return " ".join(dict.fromkeys(part for word in written for part in _parts(word[:_MAX_WORD])))


@lru_cache(maxsize=8_192)  # The operations of an API share most of their words.
def _parts(word: str) -> tuple[str, ...]:
    return tuple(part.lower() for part in words_of(word))


NAMED = "named"

FIELDS = (
    Field(NAMED, "name", 3.0, lambda operation: _words(operation.name)),
    Field(NAMED, "path", 2.0, lambda operation: _words(_HOLE.sub("", operation.route))),
    Field(NAMED, "summary", 2.0, lambda operation: operation.summary[:_MAX_TEXT]),
    Field(NAMED, "tags", 1.0, lambda operation: _words(" ".join(operation.tags))),
    Field(NAMED, "api", 1.0, lambda operation: _words(operation.api)),
    Field("described", "description", 1.0, lambda operation: operation.description[:_MAX_SAID]),
    Field("shaped", "takes", 1.0, lambda operation: _words(f"{operation.route} {operation.takes}")),
    Field("shaped", "gives", 1.0, lambda operation: _words(operation.gives)),
)
"""All fields and their weights. Each table is ranked by itself and the ranks are added up, so that
a long description or a large body does not drown a short name: bm25 goes by the length of the
whole row."""

TABLES = {NAMED: 1.0, "described": 0.5, "shaped": 0.3}
"""What the rank of each table counts for in the sum. Within a table weights count before bm25
levels off: a word that is said forty times would make up for any weight there."""

LEAD = 0.25
"""What an operation that finds ids is worth, of the worth of the best that needs such an id."""

_TABLES = {table: [field for field in FIELDS if field.table == table] for table in TABLES}


def _columns(table: str) -> str:
    return ", ".join(field.name for field in _TABLES[table])


def _weights(table: str) -> str:
    return ", ".join(str(field.weight) for field in _TABLES[table])


def _created(table: str) -> str:
    return (
        # Of a row found only its number is asked, so the texts themselves are not kept (4.4.3).
        f"CREATE VIRTUAL TABLE {table} USING fts5({_columns(table)}, content = '',"  # noqa: S608
        " tokenize = 'porter unicode61 remove_diacritics 2');"
        # bm25() as the table's own rank lets SQLite rank while it searches (fts5.html, 4.3).
        f"INSERT INTO {table}({table}, rank) VALUES ('rank', 'bm25({_weights(table)})');"
    )


SCHEMA = " ".join(map(_created, _TABLES)) + (
    " CREATE TABLE leads (needs INTEGER, finds INTEGER, PRIMARY KEY (needs, finds)) WITHOUT ROWID;"
)

_MATCHES = " UNION ALL ".join(
    f"SELECT rowid AS row, {weight} * rank AS score FROM {table}"  # noqa: S608
    f" WHERE {table} MATCH {'?1' if table == NAMED else '?2'}"
    for table, weight in TABLES.items()
)
_SELECT = (
    f"WITH fitting AS (SELECT row, sum(score) AS score FROM ({_MATCHES}) GROUP BY row)"  # noqa: S608
    " SELECT row, sum(score) AS score FROM (SELECT row, score FROM fitting UNION ALL"
    f" SELECT finds, {LEAD} * min(score) FROM leads JOIN fitting ON needs = row GROUP BY finds)"
    " GROUP BY row ORDER BY score, row"
)
"""Rows by fit, best first; the ranks of bm25 are below zero, the lower the better."""


@dataclass(frozen=True, slots=True)
class Index:
    """A filled index; the lock keeps threads apart that use the connection."""

    connection: sqlite3.Connection
    lock: Lock

    def ranked(self, named: str, said: str) -> sqlite3.Cursor:
        """Return the rows that fit with their ranks, to be read while the lock is held.

        Names are searched by the first query, what is said of operations by the second.
        """
        return self.connection.execute(_SELECT, (named, said))


def fill(connection: sqlite3.Connection, operations: Iterable[Operation]) -> None:
    """Write the operations into an empty index; the row id is the place in the order given."""
    rows = list(enumerate(operations))
    for table, fields in _TABLES.items():
        insert = f"INSERT INTO {table}(rowid, {_columns(table)}) VALUES (?{', ?' * len(fields)})"  # noqa: S608
        connection.executemany(
            insert, ((row, *(field.text(one) for field in fields)) for row, one in rows)
        )
    connection.executemany("INSERT OR IGNORE INTO leads VALUES (?, ?)", _leads(rows))


def _leads(rows: list[tuple[int, Operation]]) -> Iterator[tuple[int, int]]:
    """Yield which operation finds the ids that another needs, as far as their paths tell.

    For `/customers/{id}/cards` that is a GET of `/customers`, and of whatever other path without
    an id that ends in the same collection, such as `/search/customers`.
    """
    listing: dict[tuple[str, ...], int] = {}
    ending: dict[tuple[str, str], list[int]] = {}
    paths = [(row, one.api, *_path(one)) for row, one in rows]
    for row, api, method, path in paths:
        if method == "GET" and path:
            listing.setdefault((api, *path), row)
            if not any(map(_HOLE.search, path)):
                ending.setdefault((api, path[-1]), []).append(row)
    for row, api, _, path in paths:
        for place, (collection, segment) in enumerate(pairwise(path), 1):
            if _HOLE.search(segment) and not _HOLE.search(collection):
                own = listing.get((api, *path[:place]), row)
                others = ending.get((api, collection), [])[:_MAX_LEADING]
                yield from ((row, found) for found in {own, *others} - {row})


def _path(operation: Operation) -> tuple[str, tuple[str, ...]]:
    method, _, path = operation.route.partition(" ")
    return method, tuple(part for part in path.split("/") if part)[:_MAX_LEADING]
