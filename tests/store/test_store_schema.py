"""The tables: made once, also by many processes together, and never by an older program."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dragoman.errors import StoreError
from dragoman.store.schema import REVISION
from dragoman.store.store import Store

OPEN = """
import asyncio, sys
from pathlib import Path
from dragoman.store.store import Store

async def main():
    store = Store(sys.argv[1], Path())
    rows = await store.read("SELECT count(*) AS n FROM calls", {})
    await store.aclose()
    print(rows[0]["n"], "alembic" in sys.modules)

asyncio.run(main())
"""


async def opened_by_a_process(url: str) -> str:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-W", "error", "-c", OPEN, url, stdout=-1, stderr=-1
    )
    out, err = await process.communicate()
    assert process.returncode == 0, err.decode()
    return out.decode().strip()


async def test_many_processes_may_open_a_new_store_together(shared_url: str) -> None:
    answers = await asyncio.gather(*(opened_by_a_process(shared_url) for _ in range(6)))
    assert {answer.split()[0] for answer in answers} == {"0"}


async def test_once_the_tables_stand_alembic_is_not_even_imported(shared_url: str) -> None:
    assert await opened_by_a_process(shared_url) == "0 True"
    assert await opened_by_a_process(shared_url) == "0 False"


async def test_stores_of_one_process_may_open_together(tmp_path: Path) -> None:
    stores = [Store(f"sqlite:///{i % 3}.db", tmp_path) for i in range(9)]
    await asyncio.gather(*(store.read("SELECT * FROM answers", {}) for store in stores))
    await asyncio.gather(*(store.aclose() for store in stores))


def test_importing_the_store_does_not_import_its_libraries() -> None:
    code = "import sys, dragoman.audit.records as r; print([m for m in L if m in sys.modules])"
    libraries = ["sqlalchemy", "alembic", "aiosqlite", "psycopg"]
    done = subprocess.run(
        [sys.executable, "-c", code.replace("L ", f"{libraries} ")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "[]"


async def test_a_store_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    store = Store("sqlite:///dragoman.db", tmp_path)
    await store.read("SELECT 1", {})
    await store.aclose()
    with sqlite3.connect(tmp_path / "dragoman.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    newer = Store("sqlite:///dragoman.db", tmp_path)
    with pytest.raises(StoreError, match="newer Dragoman: its tables are at 9999"):
        await newer.read("SELECT 1", {})


def test_the_newest_migration_is_the_one_that_the_store_opens_with() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    from dragoman.store import migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


VIEWS = ["SELECT id, at FROM calls", "SELECT id, at FROM answers", "SELECT asked FROM approvals"]


@pytest.mark.parametrize("query", VIEWS)
async def test_the_views_for_people_are_there(store: Store, query: str) -> None:
    assert list(await store.read(query, {})) == []


async def test_sqlite_keeps_a_write_ahead_log(tmp_path: Path) -> None:
    store = Store("sqlite:///dragoman.db", tmp_path)
    assert (await store.read("PRAGMA journal_mode", {}))[0]["journal_mode"] == "wal"
    assert (await store.read("PRAGMA foreign_keys", {}))[0]["foreign_keys"] == 1
    await store.aclose()
