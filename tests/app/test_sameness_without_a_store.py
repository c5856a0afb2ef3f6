"""A store that cannot be written or reached, and clocks that jump: no write starts unclaimed.

Reads go on while the store can be read. Where it cannot be reached at all they do not, because
somebody may have paused them.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp import web

from dragoman import Dragoman, Status
from dragoman.errors import StoreError
from moved_clock import MovedClock
from small_shop import TOKEN, Shop
from store_urls import POSTGRES, postgres_url

__all__ = ["postgres_url"]

ON_A_FILE = pytest.mark.parametrize("surroundings", ["alone"], indirect=True)

REFUND = {"order_id": "1", "amount": 5}
ORDER = {"order_id": "1"}


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for a store for no longer than a test has time."""
    monkeypatch.setattr("dragoman.store.sqlite._BUSY_SECONDS", 0.2)
    monkeypatch.setattr("dragoman.store.postgres._CONNECT_SECONDS", 2)
    monkeypatch.setattr("dragoman.audit.batches._PAUSES", (0.05,) * 3)


async def nothing_is_sent(d: Dragoman, shop: Shop, why: str) -> None:
    """See that a write ends with the reason, before anything of it leaves."""
    before = len(shop.requests)
    refused = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert refused.status is Status.FAILED
    assert refused.problem is not None
    assert (refused.problem.code, len(shop.requests)) == ("store", before)
    assert why in f"{refused.problem.detail} {refused.problem.hint}"


async def reads_go_on(d: Dragoman) -> str:
    """See that a read is answered, and return its id."""
    read = await d.call("shop.getOrder", ORDER)
    assert read.ok, read.problem
    return read.id


async def write_goes_on(d: Dragoman, shop: Shop) -> None:
    """See that the refused write can be made now, and is made once."""
    for _ in range(2):
        assert (await d.call("shop.refundOrder", REFUND, idempotency_key="k")).ok
    assert len(shop.refunds) == 1


@ON_A_FILE
async def test_row_40_while_the_database_is_locked_no_write_starts_and_reads_go_on(
    shop: Shop, dragoman: Any, tmp_path: Path
) -> None:
    d: Dragoman = await dragoman(require_approval="never")
    await reads_go_on(d)
    await d.parts.audit.flush()
    other = sqlite3.connect(tmp_path / "dragoman.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    await nothing_is_sent(d, shop, "database is locked. Another process")
    read = await reads_go_on(d)
    other.close()
    await write_goes_on(d, shop)
    assert (await d.parts.audit.get_call(read)).status == "ok", "its record was written later"


@ON_A_FILE
async def test_row_40_when_the_disk_is_full_no_write_starts_and_reads_go_on(
    shop: Shop, dragoman: Any
) -> None:
    d: Dragoman = await dragoman(require_approval="never")
    write = d.parts.store.write
    # What SQLite says of a full disk, it says of a full database: SQLITE_FULL.
    await write(lambda s: s.run("PRAGMA max_page_count = 1", {}))
    done = 0
    while (outcome := await d.call("shop.refundOrder", REFUND)).ok:
        done += 1
        assert done < 1_000
    assert outcome.problem is not None
    assert outcome.problem.hint == "Free some space."
    assert len(shop.refunds) == done
    await nothing_is_sent(d, shop, "database or disk is full")
    read = await reads_go_on(d)
    await write(lambda s: s.run("PRAGMA max_page_count = 1000000", {}))
    shop.refunds.clear()
    await write_goes_on(d, shop)
    assert (await d.parts.audit.get_call(read)).status == "ok", "its record was written later"


@asynccontextmanager
async def proxy() -> AsyncIterator[tuple[int, Callable[[], Awaitable[None]]]]:
    """Forward a port to PostgreSQL, and give what cuts all its connections and listens no more."""
    writers: list[asyncio.StreamWriter] = []
    pumps: list[asyncio.Task[None]] = []

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = urlsplit(POSTGRES)
        there = await asyncio.open_connection(address.hostname, address.port or 5432)
        writers.extend((writer, there[1]))
        pumps.append(asyncio.create_task(pump(reader, there[1])))
        pumps.append(asyncio.create_task(pump(there[0], writer)))

    server = await asyncio.start_server(forward, "127.0.0.1", 0)

    async def cut() -> None:
        server.close()
        for writer in writers:
            writer.transport.abort()
        await asyncio.gather(*pumps)

    try:
        yield server.sockets[0].getsockname()[1], cut
    finally:
        await cut()


@ON_A_FILE
async def test_row_40_while_postgresql_cannot_be_reached_nothing_starts_and_it_says_so(
    shop: Shop, dragoman: Any, postgres_url: str
) -> None:
    clock = MovedClock()
    async with proxy() as (port, cut):
        url = postgres_url.replace(urlsplit(POSTGRES).netloc, f"root@127.0.0.1:{port}")
        top = {"store": url, "key": "${KEY}"}
        environ = {"KEY": "k" * 32, "SHOP_TOKEN": TOKEN}
        d: Dragoman = await dragoman(
            top=top, environ=environ, require_approval="never", clock=clock
        )
        assert (await d.call("shop.refundOrder", REFUND)).ok
        await d.parts.audit.flush()
        await cut()
        await nothing_is_sent(d, shop, "The store postgresql://")
        with pytest.raises(StoreError, match=r"^1 records were lost\. The store postgresql://"):
            await d.parts.audit.flush()


@ON_A_FILE
async def test_row_40_a_write_whose_end_cannot_be_stored_is_told_and_stays_unknown(
    shop: Shop, dragoman: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    clock = MovedClock()
    d: Dragoman = await dragoman(clock=clock, require_approval="never")
    other = sqlite3.connect(tmp_path / "dragoman.db", isolation_level=None)

    def answer(_: web.Request) -> web.Response:
        other.execute("BEGIN IMMEDIATE")
        return web.json_response({"refund_id": "r1"}, status=201)

    shop.answer = answer
    done = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert (done.ok, done.data) == (True, {"refund_id": "r1"})
    assert f"the end of call {done.id} could not be stored" in caplog.text
    other.close()
    clock.later = timedelta(minutes=5)
    assert [one.call_id for one in await d.unknown()] == [done.id]
    again = await d.call("shop.refundOrder", REFUND, idempotency_key="k")
    assert (again.status, len(shop.requests)) == (Status.UNKNOWN, 1)


@pytest.mark.parametrize("jump", [timedelta(days=-1), timedelta(days=1)])
async def test_row_40_a_clock_that_jumps_while_a_write_is_out_does_not_send_it_twice(
    shop: Shop, dragoman: Any, jump: timedelta
) -> None:
    clock, out, answered = MovedClock(), asyncio.Event(), asyncio.Event()
    d: Dragoman = await dragoman(clock=clock, require_approval="never")

    async def answer(_: web.Request) -> web.Response:
        out.set()
        await answered.wait()
        return web.json_response({"refund_id": "r1"}, status=201)

    shop.answer = answer
    first = asyncio.create_task(d.call("shop.refundOrder", REFUND, conversation="c"))
    await out.wait()
    clock.later = jump
    second = await d.call("shop.refundOrder", REFUND, conversation="c")
    assert second.status in {Status.RUNNING, Status.UNKNOWN}
    answered.set()
    assert (await first).ok
    assert len(shop.requests) == 1
