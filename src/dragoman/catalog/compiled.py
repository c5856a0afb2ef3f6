"""Descriptions for the catalog: read from what was compiled of them before, where that is there.

A compiled catalog is one SQLite database, kept by the hash of all that went into it: what the
document lists, its pieces, and the index for search. The owner's settings are no part of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sqlite3
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from threading import Lock

import msgspec

from dragoman.apis.description import Description
from dragoman.apis.openapi import compiled
from dragoman.apis.openapi.compiled import CompileError
from dragoman.apis.openapi.fetch import Fetched, fetch
from dragoman.apis.openapi.listing import Listing, listing_of
from dragoman.apis.openapi.load import Files, Source, parse
from dragoman.apis.openapi.read import described
from dragoman.catalog.index import SCHEMA, Index, fill
from dragoman.catalog.kept import Kept
from dragoman.config.settings import ApiSettings
from dragoman.network import Network, Reach

__all__ = ["MIN_BYTES", "Described", "describe"]

_log = logging.getLogger("dragoman.catalog")

MIN_BYTES = 128 * 1024
"""The smallest document that is compiled: smaller ones in JSON are read as fast without."""

_FORMAT = 1
"""Goes up with every change of what a listing or the index holds, or how a document is cut."""

_SCHEMA = f"{compiled.SCHEMA} {SCHEMA} CREATE TABLE made_of (key TEXT, files BLOB);"
_FAULTS = (sqlite3.Error, msgspec.MsgspecError, TypeError, ValueError)

_CAN_BE_KEPT = hasattr(sqlite3.Connection, "deserialize")
"""Whether the SQLite of this Python was built with it (sqlite.org/c3ref/deserialize.html)."""

_Digests = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A description, whether all of it lies on the owner's disk, and its index if it has one."""

    description: Description
    from_disk: bool = False
    index: Index | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What a document lists; `files` are the SHA-256 of those that it refers to."""

    listing: Listing
    index: Index | None = None
    files: _Digests = ()


class _Connection(sqlite3.Connection):
    """Closes with the last that uses it: search and each operation's contract do."""

    def __del__(self) -> None:
        self.close()


async def describe(
    name: str,
    location: str,
    api: ApiSettings,
    *,
    base: Path,
    network: Network,
    reach: Reach,
    kept: Kept,
) -> Described:
    """Return the description at a path or address, with the owner's settings applied.

    Raises what `load` raises. A catalog that cannot be compiled, kept or read is done without.
    """
    fetched = await fetch(location, base=base, network=network, reach=reach, overlays=api.overlays)
    is_large = len(fetched.data) >= MIN_BYTES and _CAN_BE_KEPT
    key = await asyncio.to_thread(_key, name, fetched) if is_large else ""
    found = await asyncio.to_thread(_found, kept, key, location) if is_large else None
    if found is not None:
        files = Files(location, base, network, reach)
        if await files.unchanged(found.files):
            return await asyncio.to_thread(_described, name, api, fetched, found)
    source = await parse(fetched, Files(location, base, network, reach))
    made = await asyncio.to_thread(_made, name, key, source, kept)
    return await asyncio.to_thread(_described, name, api, fetched, made)


def _described(name: str, api: ApiSettings, fetched: Fetched, read: _Read) -> Described:
    return Described(described(name, read.listing, api), fetched.from_disk, read.index)


def _key(name: str, fetched: Fetched) -> str:
    """Return the hash of all that a compiled catalog is made of, but the files it refers to."""
    parts = [str(_FORMAT).encode(), version("dragoman").encode(), name.encode()]
    for place, data in ((fetched.location, fetched.data), *fetched.overlays):
        parts += [place.encode("utf-8", "surrogatepass"), data]
    made = hashlib.sha256()
    for part in parts:
        made.update(len(part).to_bytes(8, "big"))
        made.update(part)
    return made.hexdigest()


def _found(kept: Kept, key: str, location: str) -> _Read | None:
    """Return what was compiled under this key, None where it is not there or not to be read."""
    data = kept.get(key)
    if data is None:
        return None
    try:
        connection = _opened()
        connection.deserialize(data)
        connection.execute("PRAGMA query_only = on")
        own, files = connection.execute("SELECT key, files FROM made_of").fetchone()
        digests = msgspec.json.decode(files, type=_Digests)
        read = _read(connection, location)
    except (CompileError, *_FAULTS) as error:
        _log.debug("the compiled catalog of %s is not used: %s", location, error)
        return None
    return replace(read, files=digests) if own == key else None


def _read(connection: sqlite3.Connection, location: str) -> _Read:
    lock = Lock()
    index = Index(connection, lock)
    index.ranked("a").close()
    return _Read(compiled.read(connection, lock, location), index)


def _made(name: str, key: str, source: Source, kept: Kept) -> _Read:
    """Return what a document lists, compiled and kept where that can be."""
    listing = listing_of(source)
    if not key:
        return _Read(listing)
    # Of the owner's settings nothing is indexed.
    plain = described(name, listing, ApiSettings()).operations.values()
    try:
        connection = _opened()
        connection.executescript(_SCHEMA)
        compiled.write(connection, listing)
        fill(connection, plain)
        files = msgspec.json.encode(source.files or ())
        connection.execute("INSERT INTO made_of VALUES (?, ?)", (key, files))
        connection.commit()
        if source.files is not None:
            kept.put(key, connection.serialize())
        return _read(connection, source.location)
    except (CompileError, *_FAULTS) as error:
        _log.debug("%s is not compiled: %s", source.location, error)
        return _Read(listing)


def _opened() -> _Connection:
    # Locks keep threads apart, so that SQLite need not check which one asks.
    return sqlite3.connect(":memory:", check_same_thread=False, factory=_Connection)
