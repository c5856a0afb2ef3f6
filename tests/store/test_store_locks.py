"""A file of SQLite that several processes use, and one of them twice, stays whole."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from dragoman.store.store import Store

# Leaving the write-ahead log takes a lock that nobody may have who has the file open.
LEAVE = """
import sqlite3, sys
try:
    print(sqlite3.connect(sys.argv[1], timeout=0).execute("PRAGMA journal_mode=DELETE").fetchone())
except sqlite3.OperationalError as error:
    print(error)
"""


async def test_a_second_store_on_the_same_file_does_not_let_go_of_the_first_ones_locks(
    tmp_path: Path,
) -> None:
    first = Store("sqlite:///dragoman.db", tmp_path)
    await first.read("SELECT 1", {})
    second = Store("sqlite:///dragoman.db", tmp_path)
    await second.read("SELECT 1", {})
    await second.aclose()
    other = await asyncio.create_subprocess_exec(
        sys.executable, "-c", LEAVE, tmp_path / "dragoman.db", stdout=-1
    )
    said, _ = await other.communicate()
    assert said.decode().strip() == "database is locked"
    await first.aclose()


async def test_the_file_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    store = Store("sqlite:///dragoman.db", tmp_path)
    await store.read("SELECT 1", {})
    assert (tmp_path / "dragoman.db").stat().st_mode & 0o777 == 0o600
    await store.aclose()
