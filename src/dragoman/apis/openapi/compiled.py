"""A document and what it lists, in the tables of a SQLite database.

The catalog keeps such a database by the hash of all that went into it, and reads it in place of
the document. What is read is checked as far as it is used: the file lay on a disk.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import msgspec

from dragoman.apis.openapi.document import Document
from dragoman.apis.openapi.exact_numbers import exact_number
from dragoman.apis.openapi.listing import Listed, Listing
from dragoman.apis.openapi.pieces import Pointer, as_text, cut, pointer_of
from dragoman.errors import DescriptionError
from dragoman.operation import JsonObject, JsonValue

__all__ = ["SCHEMA", "CompileError", "read", "write"]

SCHEMA = """
CREATE TABLE listing (value BLOB NOT NULL);
CREATE TABLE piece (pointer TEXT NOT NULL UNIQUE, value BLOB NOT NULL);
"""

_MAX_SIZE = 64 * 1024 * 1024
"""Characters and values of a document once everything that it shares is written out."""

_FAULTS = (TypeError, ValueError, RecursionError, msgspec.MsgspecError, sqlite3.Error)

_decoder = msgspec.json.Decoder(float_hook=exact_number)

_PIECE = "SELECT pointer, value FROM piece WHERE pointer = ?"
_ALL = "SELECT pointer, value FROM piece ORDER BY rowid"


class CompileError(Exception):
    """A document that cannot be compiled, or tables that are not those of one."""


@dataclass(frozen=True, slots=True)
class _Kept:
    """All of a listing but the pieces, as it stands in the table."""

    root: dict[str, Any]  # msgspec, which checks the types, knows no JsonValue
    is_3_0: bool
    is_2_0: bool
    operations: tuple[Listed, ...]
    servers: tuple[Any, ...]
    requires: bool
    findings: tuple[str, ...]


def write(connection: sqlite3.Connection, listing: Listing) -> None:
    """Write a listing and its document into empty tables.

    Raises `CompileError` where JSON cannot say all that is in it, or where that would be far
    larger than the document: YAML and overlays may put one value into many places.
    """
    document = listing.document
    if not _fits(document.root):
        raise CompileError("it is too large with all that it shares written out")
    root, pieces = cut(document.root, is_2_0=document.is_2_0)
    kept = _Kept(
        dict(root),
        document.is_3_0,
        document.is_2_0,
        listing.operations,
        listing.servers,
        listing.requires,
        listing.findings,
    )
    encode = msgspec.json.Encoder(decimal_format="number").encode
    try:
        connection.execute("INSERT INTO listing VALUES (?)", (encode(kept),))
        connection.executemany(
            "INSERT INTO piece VALUES (?, ?)",
            ((as_text(pointer), encode(value)) for pointer, value in pieces),
        )
    except (*_FAULTS, OverflowError) as error:
        raise CompileError(str(error)) from None


def read(connection: sqlite3.Connection, lock: Lock, location: str) -> Listing:
    """Return a listing whose document reads its pieces from the tables at their first use.

    The lock keeps threads apart that use the connection. Raises `CompileError` for tables that
    hold no listing.
    """
    try:
        (value,) = connection.execute("SELECT value FROM listing").fetchone()
        kept = msgspec.json.Decoder(_Kept, float_hook=exact_number).decode(value)
    except _FAULTS as error:
        raise CompileError(str(error)) from None
    return Listing(
        Document(kept.root, kept.is_3_0, location, kept.is_2_0, _Pieces(connection, lock)),
        kept.operations,
        kept.servers,
        kept.requires,
        kept.findings,
    )


@dataclass(frozen=True, slots=True)
class _Pieces:
    """The pieces of one document in their table; each is read once."""

    connection: sqlite3.Connection
    lock: Lock
    known: dict[Pointer, JsonValue] = field(default_factory=dict)

    def piece(self, pointer: Pointer) -> JsonValue:
        """Return a piece; raises `LookupError` where there is none of that name.

        Raises `DescriptionError` where the table is damaged.
        """
        if pointer not in self.known:
            rows = self._rows(_PIECE, as_text(pointer))
            if not rows:
                raise LookupError(pointer)
            self.known[pointer] = rows[0][1]
        return self.known[pointer]

    def all(self) -> Iterable[tuple[Pointer, JsonValue]]:
        """Return all of them, in the order of the document."""
        return [(key, self.known.setdefault(key, value)) for key, value in self._rows(_ALL)]

    def _rows(self, query: str, *arguments: str) -> list[tuple[Pointer, JsonValue]]:
        try:
            with self.lock:
                rows = self.connection.execute(query, arguments).fetchall()
            return [(pointer_of(key), _decoder.decode(value)) for key, value in rows]
        except _FAULTS:
            raise DescriptionError("what was compiled of its description is damaged") from None


def _fits(value: JsonObject) -> bool:
    """Whether a value is small enough once everything that it shares is written out."""
    left = _MAX_SIZE
    waiting: list[JsonObject | Sequence[JsonValue]] = [value]
    while waiting and left > 0:
        node = waiting.pop()
        left -= len(node)
        if isinstance(node, dict):
            left -= len("".join(node))
        for one in node.values() if isinstance(node, dict) else node:
            if isinstance(one, str):
                left -= len(one)
            elif isinstance(one, (dict, list)):
                waiting.append(one)
    return left > 0
