"""Bringing the tables up to date, once, also where many processes open the store together."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from dragoman.errors import StoreError
from dragoman.store.address import Address

if TYPE_CHECKING:
    from sqlalchemy import Connection

__all__ = ["REVISION", "is_current", "upgrade"]

REVISION = "0003"
"""The revision that this version of Dragoman works with: the newest in `migrations/versions`."""

_ADVISORY_LOCK = 0x647261676F6D616E
"""The word `dragoman` in ASCII: the key of the lock under which PostgreSQL's tables are made."""

_MIGRATIONS = Path(__file__).parent / "migrations"

_SECONDS = 10.0

_in_this_process = Lock()
"""Alembic keeps the migration that runs in a global variable."""


def is_current(connection: Connection) -> bool:
    """Whether the tables are as this version wants them; without Alembic, which is slow."""
    from sqlalchemy.exc import OperationalError, ProgrammingError  # noqa: PLC0415

    try:
        revision = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except (OperationalError, ProgrammingError):
        return False  # there is no such table, or there is more amiss, which `upgrade` will meet
    finally:
        connection.rollback()
    return bool(revision == REVISION)


def upgrade(connection: Connection, address: Address) -> None:
    """Make or change the tables; blocking. Raises `StoreError` for a store of a newer version."""
    with _in_this_process:
        if not address.postgres:
            _use_wal(connection)
        try:
            _lock(connection, address)
            _run_migrations(connection, address)
            connection.commit()
        finally:
            connection.rollback()


def _use_wal(connection: Connection) -> None:
    """Switch to the write-ahead log. SQLite does not wait for others here, so we do."""
    from sqlalchemy.exc import OperationalError  # noqa: PLC0415

    until = time.monotonic() + _SECONDS
    while True:
        try:
            connection.exec_driver_sql("PRAGMA journal_mode=WAL")
        except OperationalError as error:
            if "locked" not in str(error.orig) or time.monotonic() > until:
                raise
            time.sleep(0.02)
        else:
            connection.rollback()
            return


def _lock(connection: Connection, address: Address) -> None:
    if address.postgres:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_ADVISORY_LOCK})")
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _run_migrations(connection: Connection, address: Address) -> None:
    from alembic import command  # noqa: PLC0415 - slow to import, and needed once in a store's life
    from alembic.config import Config  # noqa: PLC0415
    from alembic.runtime.migration import MigrationContext  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if current is not None and current not in known:
        raise StoreError(
            f"The store {address.shown} was made by a newer Dragoman: its tables are at {current}.",
            hint="Upgrade this one, or name another store.",
        )
    command.upgrade(config, "head")
