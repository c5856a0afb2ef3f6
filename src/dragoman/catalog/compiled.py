"""Descriptions for the catalog: read from what was compiled of them before, where that is there.

A compiled catalog is one SQLite database, kept by the hash of all that went into it: what the
document lists, its pieces, and the index for search. The owner's settings are no part of it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import sqlite3
from collections.abc import Sequence
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
from dragoman.apis.openapi.load import Files, Source, all_from_disk, parse
from dragoman.apis.openapi.read import described
from dragoman.catalog.index import SCHEMA, Index, fill
from dragoman.catalog.kept import Kept
from dragoman.config.settings import ApiSettings
from dragoman.network import Network, Reach

__all__ = ["MIN_BYTES", "Described", "Digests", "describe", "digest_of", "fetched_digest"]

_log = logging.getLogger("dragoman.catalog")

MIN_BYTES = 128 * 1024
"""The smallest document that is compiled: smaller ones in JSON are read as fast without."""

_FORMAT = 3
"""Goes up with every change of what a listing or the index holds, or how a document is cut."""

_SCHEMA = f"{compiled.SCHEMA} {SCHEMA} CREATE TABLE made_of (key TEXT, files BLOB);"
_FAULTS = (sqlite3.Error, msgspec.MsgspecError, TypeError, ValueError)

_CAN_BE_KEPT = hasattr(sqlite3.Connection, "deserialize")
"""Whether the SQLite of this Python was built with it (sqlite.org/c3ref/deserialize.html)."""

Digests = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Described:
    """A description, whether all of it lies on the owner's disk, and its index if it has one.

    `digest` is the hash of all that it was read of, `listing` what the document says by itself;
    what is written by hand has neither.
    """

    description: Description
    from_disk: bool = False
    index: Index | None = None
    digest: str = ""
    listing: Listing | None = None


@dataclass(frozen=True, slots=True)
class _Read:
    """What a document lists; `files` are the SHA-256 of those it refers to, None if one is away."""

    listing: Listing
    index: Index | None = None
    files: Digests | None = ()


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
    digest = await asyncio.to_thread(fetched_digest, fetched)
    key = _key(name, digest, api.allow_refs) if is_large else ""
    found = await asyncio.to_thread(_found, kept, key, location) if is_large else None
    if found is not None:
        files = Files.of(location, base, network, reach, api.allow_refs)
        if await files.unchanged(found.files or ()):
            from_disk = fetched.from_disk and all_from_disk(dict(found.files or ()))
            return await asyncio.to_thread(
                _described, name, api, found, digest, from_disk=from_disk
            )
    source = await parse(fetched, Files.of(location, base, network, reach, api.allow_refs))
    made = await asyncio.to_thread(_made, name, key, source, kept)
    return await asyncio.to_thread(_described, name, api, made, digest, from_disk=source.from_disk)


def _described(
    name: str, api: ApiSettings, read: _Read, digest: str, *, from_disk: bool
) -> Described:
    return Described(
        described(name, read.listing, api),
        from_disk,
        read.index,
        digest_of(digest, read.files),
        read.listing,
    )


def fetched_digest(fetched: Fetched) -> str:
    """Return the hash of a document and its overlays: of where they lie, and of their bytes."""
    parts: list[bytes] = []
    for place, data in ((fetched.location, fetched.data), *fetched.overlays):
        parts += [place.encode("utf-8", "surrogatepass"), data]
    return _hash(parts)


def digest_of(fetched: str, files: Digests | None) -> str:
    """Return the hash of all that a description is read of, the files it refers to among it."""
    parts = [fetched.encode(), b"one is away" if files is None else b"all are there"]
    for name, digest in sorted(files or ()):
        parts += [name.encode("utf-8", "surrogatepass"), digest.encode()]
    return _hash(parts)


def _key(name: str, digest: str, allow_refs: Sequence[str]) -> str:
    """Return the hash of all that a compiled catalog is made of, but the files it refers to."""
    made_by = (str(_FORMAT), version("dragoman"), name, digest)
    return _hash([text.encode() for text in (*made_by, *sorted(allow_refs))])


def _hash(parts: Sequence[bytes]) -> str:
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
        digests = msgspec.json.decode(files, type=Digests)
        read = _read(connection, location)
    except (CompileError, *_FAULTS) as error:
        _log.debug("the compiled catalog of %s is not used: %s", location, error)
        return None
    return replace(read, files=digests) if own == key else None


def _read(connection: sqlite3.Connection, location: str) -> _Read:
    lock = Lock()
    index = Index(connection, lock)
    index.ranked("a", "a").close()
    return _Read(compiled.read(connection, lock, location), index)


def _made(name: str, key: str, source: Source, kept: Kept) -> _Read:
    """Return what a document lists, compiled and kept where that can be."""
    listing = listing_of(source)
    if not key:
        return _Read(listing, files=source.files)
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
        return replace(_read(connection, source.location), files=source.files)
    except (CompileError, *_FAULTS) as error:
        _log.debug("%s is not compiled: %s", source.location, error)
        return _Read(listing, files=source.files)


def _opened() -> _Connection:
    # Locks keep threads apart, so that SQLite need not check which one asks.
    return sqlite3.connect(":memory:", check_same_thread=False, factory=_Connection)
