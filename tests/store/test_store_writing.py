"""Transactions of the store: committed before they return, whole, and each for itself."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

import pytest
from sqlalchemy.exc import SQLAlchemyError

from dragoman.errors import StoreError
from dragoman.store.statements import Statements
from dragoman.store.store import Store

INSERT = (
    "INSERT INTO claims (key, scope, api, operation, call_id, state, prepared_hash, started, "
    "lease_until) VALUES (:key, '', '', '', '', 'ok', '', '', '')"
)


async def add(store: Store, key: str, *, durable: bool = True) -> None:
    await store.write(lambda s: s.run(INSERT, {"key": key}), durable=durable)


async def keys(store: Store) -> list[str]:
    return [row["key"] for row in await store.read("SELECT key FROM claims ORDER BY key", {})]


async def test_what_was_written_is_there_after_opening_again(
    shared_url: str, tmp_path: Path
) -> None:
    first = Store(shared_url, tmp_path)
    await add(first, "a")
    await first.aclose()
    second = Store(shared_url, tmp_path)
    assert await keys(second) == ["a"]
    await second.aclose()


async def test_a_transaction_is_whole_or_not_at_all(store: Store) -> None:
    def fails_at_the_end(statements: Statements) -> None:
        statements.run(INSERT, {"key": "a"})
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await store.write(fails_at_the_end)
    assert await keys(store) == []


async def test_of_many_that_are_written_together_one_that_fails_takes_no_other_with_it(
    store: Store,
) -> None:
    await add(store, "m")
    names = ["a", "b", "m", "x", "y"]
    results = await asyncio.gather(*(add(store, n) for n in names), return_exceptions=True)
    assert [type(r) for r in results] == [type(None)] * 2 + [StoreError] + [type(None)] * 2
    assert await keys(store) == names


async def test_a_write_goes_on_when_its_caller_is_cancelled(store: Store) -> None:
    await keys(store)
    writing = asyncio.create_task(add(store, "a"))
    await asyncio.sleep(0)
    writing.cancel()
    with pytest.raises(asyncio.CancelledError):
        await writing
    await add(store, "b")
    for _ in range(100):
        if await keys(store) == ["a", "b"]:
            break
        await asyncio.sleep(0.01)
    assert await keys(store) == ["a", "b"]


async def test_closing_finishes_what_is_being_written(shared_url: str, tmp_path: Path) -> None:
    store = Store(shared_url, tmp_path)
    await keys(store)
    writing = [asyncio.create_task(add(store, f"{i:03}")) for i in range(50)]
    await asyncio.sleep(0)
    await store.aclose()
    await asyncio.gather(*writing)
    again = Store(shared_url, tmp_path)
    assert len(await keys(again)) == 50
    await again.aclose()


async def test_a_closed_store_says_so_and_may_be_closed_twice(store: Store) -> None:
    await add(store, "a")
    await store.aclose()
    await store.aclose()
    with pytest.raises(StoreError, match="is closed"):
        await keys(store)


async def test_a_store_that_was_never_used_is_closed_without_being_opened(tmp_path: Path) -> None:
    await Store("sqlite:///dragoman.db", tmp_path).aclose()
    assert not (tmp_path / "dragoman.db").exists()


async def test_a_fault_names_what_and_where_but_no_value(store: Store) -> None:
    await add(store, "a secret key")
    with pytest.raises(StoreError) as caught:
        await add(store, "a secret key")
    assert "could not be written" in str(caught.value)
    assert "a secret key" not in str(caught.value)
    assert not isinstance(caught.value.__cause__, SQLAlchemyError)


async def test_text_that_a_database_cannot_hold_is_replaced_not_refused(store: Store) -> None:
    await add(store, "nul \0 and half a pair \ud800 and ü")
    assert await keys(store) == ["nul \ufffd and half a pair ? and ü"]


async def test_claims_are_flushed_to_disk_and_records_need_not_be(tmp_path: Path) -> None:
    store = Store("sqlite:///dragoman.db", tmp_path)

    def level(statements: Statements) -> int:
        return int(statements.run("PRAGMA synchronous", {})[0]["synchronous"])

    full, normal = 2, 1
    assert await store.write(level, durable=True) == full
    assert await store.write(level, durable=False) == normal
    assert await store.write(level, durable=True) == full
    await store.aclose()


async def test_a_connection_that_the_server_has_closed_is_replaced(
    postgres_url: str, tmp_path: Path
) -> None:
    store = Store(postgres_url, tmp_path)
    await asyncio.gather(*(add(store, str(i)) for i in range(5)))
    name = postgres_url.rpartition("application_name=")[2]
    killer = Store(postgres_url.replace(f"application_name={name}", "application_name=k"), tmp_path)
    kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = :name"
    assert len(await killer.read(kill, {"name": name})) > 0
    await asyncio.sleep(0.1)
    await asyncio.gather(*(add(store, str(i)) for i in range(5, 10)))
    assert len(await keys(store)) == 10
    await killer.aclose()
    await store.aclose()


async def test_another_program_that_holds_the_file_is_waited_for_and_then_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dragoman.store.sqlite._BUSY_SECONDS", 0.1)
    store = Store("sqlite:///dragoman.db", tmp_path)
    await add(store, "a")
    other = sqlite3.connect(tmp_path / "dragoman.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    results = await asyncio.gather(*(add(store, key) for key in "bcd"), return_exceptions=True)
    assert {str(result) for result in results} == {
        "The store sqlite:///dragoman.db could not be written: database is locked. "
        "Another process holds it for long; try again."
    }
    assert await keys(store) == ["a"], "reads go on"
    other.close()
    await add(store, "e")
    assert await keys(store) == ["a", "e"]
    await store.aclose()
