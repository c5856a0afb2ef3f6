"""SQLite: one thread writes, many transactions in one commit; a few threads read.

SQLite has one writer at a time and pays for each commit with a flush of the disk. What is asked
for while one commit runs is therefore put together into the next. Whole transactions run in the
thread: one hop to it for each statement, as asyncio drivers do, costs more than the statement.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, TypeVar

from dragoman.store.address import Address
from dragoman.store.schema import is_current, upgrade
from dragoman.store.statements import Parameters, Row, Statements, Work

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

__all__ = ["Sqlite"]

T = TypeVar("T")

_BUSY_SECONDS = 10
"""How long to wait for another process that writes."""

_READERS = 4
_MOST = 256
"""Transactions in one commit, so that the first of them does not wait for ever."""


@dataclass(slots=True)
class _Job:
    """One transaction, whoever waits for it, and what came of it."""

    work: Work[Any]
    durable: bool
    done: asyncio.Future[Any]
    result: object = None
    error: Exception | None = None


class Sqlite:
    """A SQLite database, in a file or in memory.

    A transaction that cannot be done takes no other with it: the rest is committed without it.
    """

    def __init__(self, engine: Engine, connection: Connection, writer: ThreadPoolExecutor) -> None:
        self._engine = engine
        self._connection = connection
        self._writer = writer
        self._in_memory = engine.url.database == ":memory:"
        self._readers = ThreadPoolExecutor(_READERS, "dragoman-store-read")
        self._waiting: deque[_Job] = deque()
        self._task: asyncio.Task[None] | None = None
        self._synchronous = ""

    @classmethod
    async def open(cls, address: Address) -> Self:
        """Open the database, making its file (mode 0600) and its tables where they are missing."""
        writer = ThreadPoolExecutor(1, "dragoman-store-write")
        try:
            loop = asyncio.get_running_loop()
            engine, connection = await loop.run_in_executor(writer, _connect, address)
        except BaseException:
            writer.shutdown(wait=False)
            raise
        return cls(engine, connection, writer)

    async def read(self, sql: str, parameters: Parameters) -> Sequence[Row]:
        """Return the rows of one query over what is committed."""
        if self._in_memory:
            # There is one connection, whose open transaction nobody may look into.
            return await self.write(lambda statements: statements.run(sql, parameters))
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._readers, self._read, sql, parameters)

    def _read(self, sql: str, parameters: Parameters) -> Sequence[Row]:
        with self._engine.connect() as connection:
            return Statements(connection).run(sql, parameters)

    async def write(self, work: Work[T], *, durable: bool = False) -> T:
        """Return what the work returns once it is committed; durable survives a power cut."""
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        self._waiting.append(_Job(work, durable, done))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._drain())
        return await done

    async def aclose(self) -> None:
        """Finish what is being written, and close."""
        while self._task is not None and not self._task.done():
            await asyncio.shield(self._task)
        self._readers.shutdown()
        await asyncio.get_running_loop().run_in_executor(self._writer, self._disconnect)
        self._writer.shutdown()

    async def _drain(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            count = min(len(self._waiting), _MOST)
            jobs = [self._waiting.popleft() for _ in range(count)]
            try:
                await loop.run_in_executor(self._writer, self._commit, jobs)
            except BaseException:
                for job in (*jobs, *self._waiting):
                    job.done.cancel()
                self._waiting.clear()
                raise
            for job in jobs:
                _tell(job)

    def _commit(self, jobs: Sequence[_Job]) -> None:
        left = list(jobs)
        while left:
            try:
                self._transaction(left)
            except Exception as error:  # noqa: BLE001 - it is raised where the write is awaited
                failed = [job for job in left if job.error is not None]
                for job in failed or left:
                    job.error = error
                left = [job for job in left if job.error is None]
            else:
                return

    def _transaction(self, jobs: Sequence[_Job]) -> None:
        self._set_synchronous("FULL" if any(job.durable for job in jobs) else "NORMAL")
        try:
            self._connection.exec_driver_sql("BEGIN IMMEDIATE")
            for job in jobs:
                self._run(job)
            self._connection.exec_driver_sql("COMMIT")
        finally:
            # Rolls back what was not committed, and ends SQLAlchemy's own notion of a transaction.
            self._connection.rollback()

    def _run(self, job: _Job) -> None:
        try:
            job.result = job.work(Statements(self._connection))
        except Exception as error:
            job.error = error
            raise

    def _disconnect(self) -> None:
        self._connection.close()
        self._engine.dispose()

    def _set_synchronous(self, level: str) -> None:
        if self._synchronous != level:
            self._connection.exec_driver_sql(f"PRAGMA synchronous={level}")
            self._connection.rollback()
            self._synchronous = level


def _tell(job: _Job) -> None:
    if job.done.done():
        return
    if job.error is not None:
        job.done.set_exception(job.error)
    else:
        job.done.set_result(job.result)


def _connect(address: Address) -> tuple[Engine, Connection]:
    """Open the connection that writes. Runs in the thread that will use it."""
    engine = _engine(address)
    connection = engine.connect()
    try:
        if not is_current(connection):
            upgrade(connection, address)
    except BaseException:
        connection.close()
        engine.dispose()
        raise
    return engine, connection


def _engine(address: Address) -> Engine:
    from sqlalchemy import URL, QueuePool, StaticPool, create_engine, event  # noqa: PLC0415 - slow

    if address.path is not None:
        _make_file(str(address.path))
    engine = create_engine(
        URL.create("sqlite", database=str(address.path or ":memory:")),
        connect_args={"isolation_level": None, "timeout": _BUSY_SECONDS},
        **(
            {"poolclass": StaticPool}
            if address.path is None
            else {"poolclass": QueuePool, "pool_size": _READERS + 1}
        ),
    )
    event.listen(engine, "connect", _check_foreign_keys)
    return engine


def _make_file(path: str) -> None:
    """Make the file with its mode at once, so that nobody else can open it in between.

    One that is there is not opened: closing it would drop the locks of every other connection of
    this process (fcntl(2)), and the database would be damaged (sqlite.org/howtocorrupt.html, 2.2).
    """
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))


def _check_foreign_keys(connection: Any, _record: object) -> None:  # the driver's connection
    connection.execute("PRAGMA foreign_keys=ON").close()
