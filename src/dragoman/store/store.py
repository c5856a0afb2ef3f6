"""Our own database. Opened at its first use; SQLite beside the configuration, or PostgreSQL.

Five views are for people and their tools (Datasette, psql); they are stable, the tables behind
them are not: `calls`, `answers`, `turns`, `approvals` and `changes`. docs/data.md says what each of
their columns holds.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from dragoman.errors import StoreError
from dragoman.store.address import read_address
from dragoman.store.faults import store_faults
from dragoman.store.glance import glance
from dragoman.store.postgres import Postgres
from dragoman.store.sqlite import Sqlite
from dragoman.store.statements import Parameters, Row, Work

if TYPE_CHECKING:
    from dragoman.store.database import Database

__all__ = ["Store"]

T = TypeVar("T")


class Store:
    """One database; `url` is what the owner wrote under `store:`, relative to `base`.

    Raises `ConfigurationError` for an address that is none, and `StoreError` in every method
    where the database fails; neither repeats a password.
    """

    def __init__(self, url: str, base: Path) -> None:
        self._address = read_address(url, base)
        self._database: Database | None = None
        self._closed = False
        self._opening = asyncio.Lock()

    def __repr__(self) -> str:
        return f"Store({self._address.shown})"

    @property
    def folder(self) -> Path | None:
        """The folder of a SQLite file; None for a database that is elsewhere, or in memory."""
        return self._address.path.parent if self._address.path else None

    async def read(self, sql: str, parameters: Parameters) -> Sequence[Row]:
        """Return the rows of one query over what is committed; parameters are named `:so`."""
        database = self._database or await self._open()
        with store_faults(self._address, "read"):
            return await database.read(sql, parameters)

    async def glance(self, sql: str) -> Sequence[Row]:
        """Return the rows of a query, without opening the store where a SQLite file is enough.

        Opening it imports SQLAlchemy and may make the tables, which takes longer than a call. A
        file or table that is not there yet has no rows.
        """
        path = self._address.path
        if self._database is not None or self._closed or path is None:
            return await self.read(sql, {})
        rows = await asyncio.to_thread(glance, path, sql)
        return await self.read(sql, {}) if rows is None else rows

    async def write(self, work: Work[T], *, durable: bool = True) -> T:
        """Carry out `work` in one transaction, and return what it returns once it is committed.

        The work runs in a thread, may run again where a commit failed, and goes on where its
        caller is cancelled. `durable` commits survive a power cut, the others a crash of ours.
        """
        database = self._database or await self._open()
        with store_faults(self._address, "written"):
            return await database.write(work, durable=durable)

    async def aclose(self) -> None:
        """Finish what is being written and close all connections; a second time does nothing."""
        async with self._opening:
            self._closed = True
            database, self._database = self._database, None
        if database is not None:
            with store_faults(self._address, "closed"):
                await database.aclose()

    async def _open(self) -> Database:
        async with self._opening:
            if self._closed:
                raise StoreError(f"The store {self._address.shown} is closed.")
            if self._database is None:
                kind: type[Sqlite | Postgres] = Postgres if self._address.postgres else Sqlite
                with store_faults(self._address, "opened"):
                    self._database = await kind.open(self._address)
            return self._database
