"""PostgreSQL: each transaction on a connection of its own; the server puts commits together."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self, TypeVar

from dragoman.errors import ConfigurationError
from dragoman.store.address import Address
from dragoman.store.schema import is_current, upgrade
from dragoman.store.statements import Parameters, Row, Statements, Work

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.ext.asyncio import AsyncEngine

__all__ = ["Postgres"]

T = TypeVar("T")

_CONNECT_SECONDS = 10
_CONNECTIONS = 10


class Postgres:
    """A PostgreSQL database, by psycopg 3."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._reading = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._writing: set[asyncio.Task[Any]] = set()

    @classmethod
    async def open(cls, address: Address) -> Self:
        """Connect, and make the tables where they are missing.

        Raises `ConfigurationError` for an address that cannot be read, or a missing driver.
        """
        engine = await asyncio.to_thread(_engine, address)
        try:
            async with engine.connect() as connection:
                current = await connection.run_sync(is_current)
            if not current:
                await asyncio.to_thread(_upgrade, address)
        except BaseException:
            await engine.dispose()
            raise
        return cls(engine)

    async def read(self, sql: str, parameters: Parameters) -> Sequence[Row]:
        """Return the rows of one query over what is committed."""
        return await _transaction(self._reading, lambda s: s.run(sql, parameters))

    async def write(self, work: Work[T], *, durable: bool) -> T:  # noqa: ARG002 - all are
        """Return what the work returns once it is committed."""
        task = asyncio.ensure_future(_transaction(self._engine, work))
        self._writing.add(task)
        task.add_done_callback(self._writing.discard)
        return await asyncio.shield(task)

    async def aclose(self) -> None:
        """Finish what is being written, and close."""
        await asyncio.gather(*self._writing, return_exceptions=True)
        await self._engine.dispose()


async def _transaction(engine: AsyncEngine, work: Work[T]) -> T:
    """Carry out one transaction.

    A connection of the pool that the server has closed meanwhile shows at the first statement;
    the work then runs again on a new one. Asking each connection before its use costs a third.
    """
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - SQLAlchemy is slow to import

    again = True
    while True:
        async with engine.connect() as connection:
            try:
                result = await connection.run_sync(lambda c: work(Statements(c)))
            except DBAPIError as error:
                if not (again and error.connection_invalidated):
                    raise
                again = False
                continue
            await connection.commit()
            return result


def _engine(address: Address) -> AsyncEngine:
    from sqlalchemy.ext.asyncio import create_async_engine  # noqa: PLC0415 - slow to import

    try:
        return create_async_engine(
            _url(address),
            connect_args={"connect_timeout": _CONNECT_SECONDS},
            pool_size=_CONNECTIONS,
            max_overflow=_CONNECTIONS,
            pool_timeout=_CONNECT_SECONDS,
        )
    except ImportError:
        raise ConfigurationError(
            "store: PostgreSQL needs a driver. Install it with: pip install 'dragoman[postgres]'"
        ) from None


def _upgrade(address: Address) -> None:
    """Bring the tables up to date; blocking, because Alembic is."""
    from sqlalchemy import NullPool, create_engine  # noqa: PLC0415

    engine = create_engine(_url(address), poolclass=NullPool)
    with engine.connect() as connection:
        upgrade(connection, address)


def _url(address: Address) -> URL:
    from sqlalchemy import make_url  # noqa: PLC0415
    from sqlalchemy.exc import ArgumentError  # noqa: PLC0415

    try:
        return make_url(address.url).set(drivername="postgresql+psycopg")
    except (ArgumentError, ValueError):
        # Their message repeats the address, password included.
        raise ConfigurationError(
            "store: the address of PostgreSQL cannot be read. "
            "Use postgresql://user:password@host:5432/database, with %XX in the password."
        ) from None
