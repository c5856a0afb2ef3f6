"""Closing while calls are under way: each ends and is recorded; and a loop for each."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from dragoman import ConfigurationError, Dragoman, Status
from dragoman.audit.facts import CallFilter
from dragoman.sync import Dragoman as SyncDragoman
from small_shop import Shop, running_shop

ORDER = ("shop.getOrder", {"order_id": "1042"})
REFUND = ("shop.refundOrder", {"order_id": "1042", "amount": 5})


@pytest.fixture(params=["alone"])
def surroundings(tmp_path: Path) -> dict[str, str]:
    return {"store": f"sqlite:///{tmp_path}/dragoman.db"}


def hanging(shop: Shop, arrived: list[asyncio.Event]) -> None:
    """Let the shop answer nothing; each request is told of."""
    left = iter(arrived)

    async def answer(_: web.Request) -> web.Response:
        next(left).set()
        await asyncio.Event().wait()
        return web.Response()

    shop.answer = answer


async def test_calls_that_are_under_way_end_and_are_recorded(dragoman: Any, shop: Shop) -> None:
    arrived = [asyncio.Event(), asyncio.Event()]
    hanging(shop, arrived)
    d: Dragoman = await dragoman(require_approval="never", limits={"retries": 0})
    calls = [asyncio.create_task(d.call(*one)) for one in (ORDER, REFUND)]
    for one in arrived:
        await one.wait()
    await d.aclose()
    read, write = await asyncio.gather(*calls)
    assert (read.status, write.status) == (Status.FAILED, Status.UNKNOWN)
    later: Dragoman = await dragoman(require_approval="never")
    recorded = await later.parts.audit.calls(CallFilter(), 10)
    assert {one.id for one in recorded} == {read.id, write.id}
    assert [one.call_id for one in await later.unknown()] == [write.id]


async def test_one_that_is_open_in_a_loop_is_refused_in_another(dragoman: Any, shop: Shop) -> None:
    d: Dragoman = await dragoman()
    assert (await d.call(*ORDER)).ok
    with pytest.raises(ConfigurationError, match="another event loop"):
        await asyncio.to_thread(lambda: asyncio.run(d.call(*ORDER)))
    assert len(shop.requests) == 1
    assert (await d.call(*ORDER)).ok


async def test_without_async_no_thread_waits_for_ever(tmp_path: Path) -> None:
    async with running_shop() as shop:
        arrived = [asyncio.Event()]
        hanging(shop, arrived)
        api = {"http": shop.url, "operations": {"get": {"get": "/orders"}}}
        d = SyncDragoman({"version": 1, "store": f"sqlite:///{tmp_path}/d.db", "apis": {"a": api}})
        waiting = asyncio.create_task(asyncio.to_thread(d.call, "a.get"))
        await arrived[0].wait()
        await asyncio.to_thread(d.close)
        outcome = await asyncio.wait_for(waiting, 20)
        assert outcome.status is Status.FAILED
        with pytest.raises(ConfigurationError, match="is closed"):
            await asyncio.to_thread(d.call, "a.get")
        assert not d._thread.is_alive()
